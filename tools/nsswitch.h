/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of nsswitch.conf(5), as glibc reads it: where mymachines stands in
 * it, and where it belongs. Pure but for memory: no I/O.
 */
#pragma once

#include "tools/arena.h"

#define NSSWITCH_PATH "/etc/nsswitch.conf"

/* Those that the module answers for: "passwd", "group", "hosts", NULL. */
extern const char *const nsswitch_databases[];

/* Whether the module is asked for a database, and when. */
enum nsswitch_verdict {
	NSSWITCH_RIGHT,
	NSSWITCH_BEFORE_FILES, /* asked, but before the host's own files */
	NSSWITCH_ABSENT,
	NSSWITCH_NO_LINE,    /* there is none for the database, so glibc has its own */
	NSSWITCH_UNREACHED,  /* behind a service that ends the search before */
	NSSWITCH_LATE,	     /* of hosts: behind one that asks the network */
	NSSWITCH_CUTS_MERGE, /* what `behind` has found isn't merged with what comes next */
	NSSWITCH_CUT_OFF,    /* the file ends in the line, which glibc passes over, then */
	NSSWITCH_MALFORMED,  /* glibc stops reading at an action that is none */
};

/*
 * Of several lines for the same database, versions of glibc take the first or
 * the last: the verdict is of the first that isn't right. `behind` becomes the
 * service that stands before, with its actions, in the arena, or NULL.
 */
enum nsswitch_verdict nsswitch_judge(struct arena *arena, const char *text, const char *database,
				     const char **behind);

/*
 * The text with mymachines where it belongs in the lines of all databases, and
 * everything else as it was; a line that is malformed stays, one that is
 * missing is added, one that is cut off gets its newline. NULL is an empty text. In the arena.
 */
char *nsswitch_add(struct arena *arena, const char *text);

/* The text without mymachines: what nsswitch_add() made it from, if all lines were there. */
char *nsswitch_remove(struct arena *arena, const char *text);
