/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of ps(1), as far as it decides what columns there are:
 * options of all three kinds ("-ef", "aux", "--forest"). What selects and
 * sorts is ps's own business, and goes on to it.
 */
#pragma once

#include "tools/arena.h"

#include <stdbool.h>

struct ps_options {
	struct arena *arena;
	const char **arguments; /* for ps, without what chooses columns and their width */
	size_t n_arguments;
	const char **columns; /* as after -o: NAME, NAME:WIDTH, each with "=HEADER" or without */
	size_t n_columns;
	const char **machines; /* of -M */
	size_t n_machines;
	size_t width;	 /* said with --columns, or 0 */
	int wide;	 /* how often -w was said */
	bool numeric;	 /* n: ids without their names */
	bool no_headers; /* --no-headers, h */
	bool is_bsd;	 /* some words are without a dash: other processes are the default */
	bool selects;	 /* something says which processes */
	bool as_is;	 /* nothing to list: --version, L */
	bool help;
};

/* Read it, without the verb. 0, or -1 after it has said what is wrong. */
int ps_options_parse(struct ps_options *options, struct arena *arena, int argc, char **argv);
