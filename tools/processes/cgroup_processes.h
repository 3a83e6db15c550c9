/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes in a cgroup: cgroup.procs, cgroups(7). */
#pragma once

#include "base/arena.h"

#include <stdint.h>

/*
 * The pids in a cgroup's directory and in those below it, unsorted, in the arena. A process that
 * isn't in the caller's pid namespace is 0. Returns how many, or a negative errno: -E2BIG where there are more
 * directories than any machine needs.
 */
long cgroup_processes_read(struct arena *arena, const char *directory, uint32_t **pids);

/* The same, without the directories below it. */
long cgroup_processes_read_one(struct arena *arena, const char *directory, uint32_t **pids);
