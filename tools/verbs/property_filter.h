/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines NAME=VALUE for programs, and the options that choose among them: --property, --value, --all. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

#define PROPERTIES_MAX 64

struct property_filter {
	bool all;			   /* empty ones, too */
	bool value_only;		   /* without names */
	const char *names[PROPERTIES_MAX]; /* the only ones; the command line's */
	size_t n_names;			   /* 0: all */
};

/* Parse the value of --property=, a list with commas, which is cut in place. Adds to the names. */
int property_filter_add(void *filter, const char *value, struct failure *failure);

/* Whether this property is to be printed, if it isn't empty. Names match in any case. */
bool property_is_wanted(const struct property_filter *filter, const char *name);

/* Print a property, if it is wanted. An empty value is, by --all or by name. NULL is empty. */
void property_print(const struct property_filter *filter, const char *name, const char *value);

/* 0, or -1 with a failure of `verb`: with --json, whole `things` are printed. */
int property_filter_check_json(const struct property_filter *filter, const char *verb,
			       const char *things, struct failure *failure);
