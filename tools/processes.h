/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of the host, as /proc lists them. */
#pragma once

#include "tools/arena.h"

#include <stdint.h>

struct process {
	uint32_t pid;
	uint32_t parent;
};

/* All that live, by ascending pid, in the arena. Returns how many, or a negative errno. */
long processes_read(struct arena *arena, struct process **processes);

/* The one of this pid, or NULL. */
struct process *processes_find(struct process *processes, size_t count, uint32_t pid);
