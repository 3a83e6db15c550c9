/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of the host, as /proc lists them. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct process {
	uint32_t pid;
	uint32_t parent;
};

/* All living processes, by ascending pid, in the arena. Returns how many, or a negative errno. */
long processes_read(struct arena *arena, struct process **processes);

/*
 * Sort processes of which only the pid is known, read their parents, and remove duplicates and dead ones. Returns
 * how many are left.
 */
long processes_complete(struct process *processes, size_t count);

/* The process of this pid, or NULL. */
struct process *processes_find(struct process *processes, size_t count, uint32_t pid);

/*
 * The children of a process, of all its threads, in the arena; NULL if there
 * are none. One may be missing while others come and go. Returns how many.
 */
size_t processes_read_children(struct arena *arena, uint32_t pid, uint32_t **children);

/* Whether `pid` is `ancestor` or descends from it. */
bool process_descends_from(uint32_t pid, uint32_t ancestor);
