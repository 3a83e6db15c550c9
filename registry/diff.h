/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The differences between two registries. A program that stays for weeks keeps
 * a copy of the machines in its own memory, and compares the next registry with
 * it, whenever that comes.
 */
#pragma once

#include "registry/snapshot.h"

#include <stdbool.h>

/* A new registration of the same name is a removal and an addition. */
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

/* A copy of all machines of a registry. All zero: of none. */
struct registry_copy {
	struct pid_context context;
	uint8_t *bytes; /* a struct registry_copy_entry and a record each, by folded name */
	size_t size;
	size_t room;
};

/* Copy the registry at `path`, or none if there is none. 0, or a negative errno and no copy. */
int registry_copy_read(struct registry_copy *copy, const char *path);

void registry_copy_done(struct registry_copy *copy);

/* One of the two registries, and the place in it. */
struct diff_side {
	const struct registry_copy *copy;
	size_t at;	       /* of the entry */
	const char *name;      /* its folded name, or NULL at the end */
	const uint8_t *record; /* its bytes */
	size_t record_size;
	struct machine machine; /* the one that was returned */
};

struct registry_diff {
	struct diff_side before, now;
	enum machine_event last; /* that was returned, or 0 */
};

/* Compare two copies. They stay the caller's, and must not change meanwhile. */
void registry_diff_begin(struct registry_diff *comparison, const struct registry_copy *before,
			 const struct registry_copy *now);

/* The next difference, in the order of folded names; good until the next call. False at the end. */
bool registry_diff_next(struct registry_diff *comparison, struct machine_difference *difference);
