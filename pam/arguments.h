/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arguments of a line in pam.d(5), as pam_mymachines(8) has them.
 * Pure: no I/O, no allocation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The management groups of pam.conf(5); an argument belongs to some of them. */
enum facility {
	FACILITY_ACCOUNT = 1 << 0,
	FACILITY_AUTH = 1 << 1,
	FACILITY_PASSWORD = 1 << 2,
	FACILITY_SESSION = 1 << 3,
};

/* Bytes of one element of a list, with its NUL. */
#define ELEMENT_SIZE 256

/* Borrowed from the array that was parsed. NULL: not given. Lists have commas, and no empty element. */
struct arguments {
	const char *from;      /* list of globs: glob(7) */
	const char *not_from;  /* likewise */
	const char *classes;   /* list of classes: machine_class_name() */
	const char *users;     /* list of user names */
	const char *groups;    /* list of group names */
	const char *elsewhere; /* "ignore" or "deny" */
	const char *permitted; /* list of user names */
	const char *network;   /* name of a machine */
	bool network_is_optional;
	bool debug;
};

/*
 * 0, or -EINVAL; then `*wrong` is the argument that can't be on a line of this
 * facility, and `*why` are the words for it.
 */
int arguments_parse(enum facility facility, int argc, const char **argv,
		    struct arguments *arguments, const char **wrong, const char **why);

/* Whether it matters where the login comes from. */
bool arguments_ask_for_origin(const struct arguments *arguments);

/* Copy the element that comes first from `*list`, and pass over it. False at the end. */
bool list_next(const char **list, char element[static ELEMENT_SIZE]);

/* Whether it is an element of the list. */
bool list_has(const char *list, const char *name);

/* Whether an element of the list, a glob, matches this name of a machine, in whatever case. */
bool list_matches(const char *list, const char *machine_name);
