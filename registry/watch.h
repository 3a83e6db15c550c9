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
	size_t watched; /* so many bytes of it are watched: less than all until it is there */
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
 * another registry, or none any more; 0 if not; or a negative errno, after which
 * nothing is watched, so that nothing comes, until a later call has mended that.
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

/*
 * All machines of a registry, in memory of its own: to compare the next with,
 * whenever that comes. All zero: none.
 */
struct registry_copy {
	struct registry_origin origin;
	uint8_t *bytes; /* a struct registry_copy_entry and a record each, by folded name */
	size_t size;
	size_t room;
};

/* Read the registry at `path`, none if there is none. 0, or a negative errno and nothing copied. */
int registry_copy_read(struct registry_copy *copy, const char *path);

void registry_copy_done(struct registry_copy *copy);

/* One side of a comparison, and how far it has come. */
struct comparison_side {
	const struct registry_copy *copy;
	size_t at;	       /* of the entry */
	const char *name;      /* its folded name, or NULL at the end */
	const uint8_t *record; /* its bytes */
	size_t record_size;
	struct machine machine; /* decoded, of what is given out */
};

struct registry_comparison {
	struct comparison_side before, now;
	enum machine_event last; /* that was given out, or 0 */
};

/* Compare two copies, which stay the caller's, and as they are meanwhile. */
void registry_compare(struct registry_comparison *comparison, const struct registry_copy *before,
		      const struct registry_copy *now);

/* The next difference, by the machines' folded names, good until the next call. False after all. */
bool registry_comparison_next(struct registry_comparison *comparison,
			      struct machine_difference *difference);
