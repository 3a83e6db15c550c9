/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line of a process's parents, and the first leader of a machine in it. */
#pragma once

#include "registry/snapshot.h"
#include "tools/processes/processes.h"

/* What was found out about processes by one question, and so about those below them. */
struct line_memory {
	void *tree; /* of struct known_process, tsearch(3) */
};

void line_memory_done(struct line_memory *memory);

/* Processes that were read before, or none: then each parent is looked up in /proc. */
struct ancestry {
	struct process *processes;
	size_t count;
	struct line_memory led; /* by which leader */
};

void ancestry_done(struct ancestry *ancestry);

/* The parent's pid, or 0. */
uint32_t ancestry_parent(const struct ancestry *ancestry, uint32_t pid);

/* A verdict about this process and all below it, above 0; 0 to ask about its parent; or a negative errno. */
typedef long line_judge(void *data, uint32_t pid);

/*
 * Ask about a process, its parent and so on until there is a verdict. That is
 * remembered, so that a machine can't make the questions about all its processes
 * dear by a long line of them. Returns it; 0 at the end of the line; or a negative
 * errno.
 */
long ancestry_judge(const struct ancestry *ancestry, struct line_memory *memory, uint32_t pid,
		    line_judge *judge, void *data);

/*
 * Whether `pid` descends from `ancestor`. No process descends from itself. The memory is of questions about
 * this ancestor.
 */
bool ancestry_descends(const struct ancestry *ancestry, struct line_memory *memory, uint32_t pid,
		       uint32_t ancestor);

/*
 * The machine whose leader is the process itself, or else its nearest ancestor that
 * leads a machine and lives. 0; -ENOENT if there is none; or another negative errno.
 */
int nearest_leader_find(struct ancestry *ancestry, struct snapshot *snapshot, uint32_t pid,
			struct machine *machine);
