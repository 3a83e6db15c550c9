/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Being told when the registry changes, by inotify(7): no privilege is needed,
 * nothing is asked for meanwhile. And what of it is different since.
 */
#pragma once

#include "registry/snapshot.h"

#include <stdbool.h>

struct registry_watch {
	int fd; /* to be polled for POLLIN: poll(2) */
	int descriptor;
	char *directory;
	size_t watched; /* bytes of it that are the directory which is watched: it may not be there */
};

/*
 * Watch the registry in this directory, whether it is there yet or not. What
 * was published before isn't told: open the registry after this. 0, or a
 * negative errno: -EMFILE also where the user has too many watches.
 */
int registry_watch_open(struct registry_watch *watch, const char *directory);

/* Does nothing to one that isn't open, with -1 as its fd. */
void registry_watch_close(struct registry_watch *watch);

/*
 * Take all that the descriptor has to say; doesn't block. 1 if there may be
 * another registry, or none any more; 0 if not; or a negative errno.
 */
int registry_watch_read(struct registry_watch *watch);

/* What has become of a machine. Another one of the same name is removed, then added. */
enum machine_event {
	MACHINE_ADDED = 1,
	MACHINE_CHANGED, /* the same registration, with other facts */
	MACHINE_REMOVED,
};

/* "added", "changed" or "removed". */
const char *machine_event_name(enum machine_event event);

struct machine_difference {
	enum machine_event event;
	const struct machine *before; /* NULL if it was added */
	const struct machine *now;    /* NULL if it was removed */
};

/* One side of a comparison, and how far it has come. */
struct comparison_side {
	struct snapshot *snapshot;
	char name[MACHINE_NAME_SIZE]; /* folded */
	struct machine machine;
	bool is_at_machine;
	uint8_t *bytes; /* RECORD_SIZE_MAX of them */
};

struct registry_comparison {
	struct comparison_side before, now;
	enum machine_event last; /* that was given out, or 0 */
};

/*
 * Compare two snapshots, which stay the caller's; one that isn't open has no
 * machines. 0 or a negative errno.
 */
int registry_compare(struct registry_comparison *comparison, struct snapshot *before,
		     struct snapshot *now);

/*
 * The next difference, by the machines' folded names. It is good until the
 * next call. 1, 0 after the last, or a negative errno.
 */
int registry_comparison_next(struct registry_comparison *comparison,
			     struct machine_difference *difference);

void registry_comparison_done(struct registry_comparison *comparison);
