/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of nsswitch.conf(5) as glibc reads it: where mymachines is in it,
 * and where it should be. Pure but for memory: no I/O.
 */
#pragma once

#include "base/arena.h"

#define NSSWITCH_PATH "/etc/nsswitch.conf"

/* Some distributions' glibc reads this one if there is none in /etc. */
#define NSSWITCH_VENDOR_PATH "/usr/etc/nsswitch.conf"

/* The databases that the module answers: "passwd", "group", "hosts", NULL. */
extern const char *const nsswitch_databases[];

/*
 * Whether glibc asks the module, and whether at the right place. In "passwd"
 * and "group" that is behind all directories, so that real accounts win, and
 * before systemd; in "hosts" behind the host's own file, and before services
 * that ask the network.
 */
enum nsswitch_verdict {
	NSSWITCH_RIGHT,
	NSSWITCH_SYSTEMD_FIRST,	   /* right, but systemd is asked before the directory `other` */
	NSSWITCH_BEFORE_FILES,	   /* hosts: asked before the host's own file */
	NSSWITCH_BEFORE_DIRECTORY, /* passwd, group: asked before the directory `other` */
	NSSWITCH_UNRELIABLE,	   /* not asked while `other` fails, which ends the search then */
	NSSWITCH_ABSENT,
	NSSWITCH_NO_LINE,    /* the database has no line, so glibc uses its default */
	NSSWITCH_UNREACHED,  /* never asked, as `other` ends the search before */
	NSSWITCH_LATE,	     /* hosts: asked behind `other`, which asks the network */
	NSSWITCH_CUTS_MERGE, /* results of `other` are no longer merged with those behind us */
	NSSWITCH_LOST,	     /* its own action `other` loses what it finds */
	NSSWITCH_CUT_OFF,    /* the line has no newline, so glibc ignores it */
	NSSWITCH_MALFORMED,  /* the line has an invalid action, at which glibc stops */
	NSSWITCH_REJECTED,   /* glibc reads no line, because of that of database `other` */
};

/*
 * Returns the verdict on a database. Of several lines for it, versions of glibc
 * use the first or the last, so this is the first verdict other than right.
 * `other` becomes the service that it is about, with its actions, in the
 * arena; or the database; or NULL.
 */
enum nsswitch_verdict nsswitch_judge(struct arena *arena, const char *text, const char *database,
				     const char **other);

/*
 * Returns the text with mymachines at its place in the lines of all databases,
 * in the arena. A malformed line stays. A missing line is added. A line
 * without a newline gets one. A NULL text is an empty one.
 */
char *nsswitch_add(struct arena *arena, const char *text);

/* Returns the text without mymachines. Lines that nsswitch_add() has added stay. */
char *nsswitch_remove(struct arena *arena, const char *text);

/*
 * Returns the text without mymachines, but for the databases whose lines have it in the text `before`: it isn't
 * ours there.
 */
char *nsswitch_restore(struct arena *arena, const char *text, const char *before)
	__attribute__((nonnull));
