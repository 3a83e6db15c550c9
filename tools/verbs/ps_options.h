/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of ps(1), as far as it decides which columns there are:
 * options of all three kinds ("-ef", "aux", "--forest"). Options that select
 * and sort are handed on to ps.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

#include <stdbool.h>

struct ps_options {
	struct arena *arena;
	const char **arguments; /* for ps, without what chooses columns and their width */
	size_t n_arguments;
	const char **columns; /* as after -o: NAME, NAME:WIDTH, each with "=HEADER" or without */
	size_t n_columns;
	const char **machines; /* of -M */
	size_t n_machines;
	size_t width;	 /* given with --columns, or 0 */
	int wide;	 /* how often -w was given */
	bool numeric;	 /* n: ids without their names */
	bool no_headers; /* --no-headers, h */
	bool is_bsd;	 /* some words are without a dash: other processes are the default */
	bool selects;	 /* an option selects processes */
	bool as_is;	 /* nothing to list: --version, L */
	bool no_pager;
	bool help;
};

/* Read the words behind the verb. 0, or -1 with a failure. */
int ps_options_parse(struct ps_options *options, struct arena *arena, int argc, char **argv,
		     struct failure *failure) __attribute__((nonnull, warn_unused_result));
