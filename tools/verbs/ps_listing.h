/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The listing of mymachines ps: which columns ps(1) is asked for, and the rows that are
 * made of its lines, with names where it has numbers.
 */
#pragma once

#include "tools/describe/id_names.h"
#include "tools/processes/membership.h"
#include "tools/verbs/ps_options.h"

/*
 * Each line begins with numbers that are for this program alone, in columns
 * that no number is wider than: the pid, the parent's, and one for each name.
 * The name's own place is further on, wide enough to be found where columns
 * before it are wider than they should be.
 */
#define NUMBER_WIDTH  11
#define NUMBER_MARKER "mymachines#"
#define PLACE_WIDTH   32

enum { NUMBER_PID, NUMBER_PARENT, NUMBER_PLACES };

/* The machine of processes of the host, and of those that have ended too early to tell. */
#define HOST_MACHINE	"-"
#define UNKNOWN_MACHINE "?"

enum place_kind { PLACE_MACHINE, PLACE_USER, PLACE_GROUP };

/* Where a line of ps has a number that becomes a name. */
struct place {
	enum place_kind kind;
	const char *number; /* the column of it */
	const char *header;
	const char *marker; /* what ps prints for the header */
	size_t end;	    /* of the column in the lines, after the first header is read */
	size_t given_width; /* 0: as wide as necessary */
	size_t width;	    /* of the names */
};

struct row {
	const char **parts; /* what is before each place and, last, after all of them */
	const char **names;
	const char *machine; /* NULL for a header */
};

struct listing {
	struct ps_options options;
	struct arena arena;
	struct membership membership;
	struct id_names names;
	const char **arguments; /* of ps */
	size_t n_arguments;
	const char **columns; /* the shown ones, as ps is asked for them */
	size_t n_columns;
	struct place *places;
	size_t n_places;
	bool has_headers; /* at least one that isn't empty */
	struct row *rows;
	size_t n_rows;
	size_t n_processes; /* of the rows */
	const char *last_machine;
	uint32_t last_pid;
	size_t line_width; /* how much of a line is shown, or 0 for all */
};

/* Choose the columns, and make the whole command line of ps, ended by NULL: ps_columns.c. */
void listing_choose_columns(struct listing *listing) __attribute__((nonnull));

/* Find the width of lines, as ps(1) does by COLUMNS and the terminal: ps_rows.c. */
void listing_find_width(struct listing *listing) __attribute__((nonnull));

/* Take a line of ps, without its newline, if it is wanted: ps_rows.c. */
void listing_add_line(struct listing *listing, const char *line) __attribute__((nonnull));

/* Print the rows. */
void listing_print(struct listing *listing) __attribute__((nonnull));
