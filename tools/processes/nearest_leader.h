/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line of a process's parents, and the first leader of a machine in it. */
#pragma once

#include "registry/snapshot.h"
#include "tools/processes/processes.h"

/* Processes that were read before, or none: then each parent is looked up in /proc. */
struct ancestry {
	struct process *processes;
	size_t count;
};

/* The parent's pid, or 0. */
uint32_t ancestry_parent(const struct ancestry *ancestry, uint32_t pid);

/* Whether `pid` descends from `ancestor`. No process descends from itself. */
bool ancestry_descends(const struct ancestry *ancestry, uint32_t pid, uint32_t ancestor);

/*
 * The machine whose leader is the process itself, or else its nearest ancestor that
 * leads a machine and lives. 0; -ENOENT if there is none; or another negative errno.
 */
int nearest_leader_find(const struct ancestry *ancestry, struct snapshot *snapshot, uint32_t pid,
			struct machine *machine);
