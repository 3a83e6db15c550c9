/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/processes/nearest_leader.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/pidfd.h"
#include "host/process_status.h"
#include "registry/leader_state.h"

#include <errno.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>

/* The verdict about a process while its line is climbed. No errno. */
#define UNDECIDED LONG_MIN

/* A process at one time: its pid may be reused, but not with the same number. */
struct known_process {
	uint32_t pid;
	uint64_t number; /* process_number_read(), 0 of one that was read before */
	long verdict;
	struct known_process *below; /* while the line is climbed */
};

void line_memory_done(struct line_memory *memory)
{
	if (memory->tree)
		tdestroy(memory->tree, free);
	memory->tree = NULL;
}

void ancestry_done(struct ancestry *a)
{
	line_memory_done(&a->led);
}

static int compare_known(const void *left, const void *right)
{
	const struct known_process *a = left, *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* The parent of one of those that were read before, or as /proc has it; 0 if it has died. */
static uint32_t find_parent(const struct process *process, uint32_t pid)
{
	struct process_status status;

	if (process)
		return process->parent;
	return process_status_read(pid, &status) < 0 ? 0 : status.parent;
}

/* Read a process's parent and number. The parent is 0 if it has died. */
static uint32_t look(const struct ancestry *a, uint32_t pid, uint64_t *number)
{
	const struct process *process = processes_find(a->processes, a->count, pid);
	CLEANUP_CLOSE int pidfd = process ? -1 : pidfd_of((pid_t) pid);
	uint32_t parent = find_parent(process, pid);

	*number = 0;
	if (!process && parent && process_number_read(pid, pidfd, number) < 0)
		return 0;
	return parent;
}

uint32_t ancestry_parent(const struct ancestry *a, uint32_t pid)
{
	return find_parent(processes_find(a->processes, a->count, pid), pid);
}

static struct known_process *remember(struct line_memory *memory, uint32_t pid, uint64_t number,
				      struct known_process *below)
{
	struct known_process *known = malloc(sizeof *known);

	if (known)
		*known = (struct known_process){ pid, number, UNDECIDED, below };
	if (!known || !tsearch(known, &memory->tree, compare_known))
		arena_out_of_memory();
	return known;
}

/* Give all that a climb has passed the verdict, or forget them. */
static void settle(struct line_memory *memory, struct known_process *last, long verdict)
{
	while (last) {
		struct known_process *below = last->below;

		last->verdict = verdict;
		if (verdict == UNDECIDED) {
			tdelete(last, &memory->tree, compare_known);
			free(last);
		}
		last = below;
	}
}

long ancestry_judge(const struct ancestry *a, struct line_memory *memory, uint32_t pid,
		    line_judge *judge, void *data)
{
	struct known_process *last = NULL;
	long verdict = 0;

	while (verdict == 0 && pid > 0) {
		uint64_t number;
		uint32_t parent = look(a, pid, &number);
		struct known_process **known =
			tfind(&(struct known_process){ pid, number }, &memory->tree, compare_known);

		if (known) {
			verdict = (*known)->verdict;
			break;
		}
		verdict = judge(data, pid);
		/* It has died meanwhile, and those below it have another parent now. */
		if (verdict == 0 && parent == 0 && pid > 1)
			verdict = UNDECIDED;
		last = remember(memory, pid, number, last);
		pid = parent;
	}
	settle(memory, last, verdict < 0 ? UNDECIDED : verdict);
	/* A circle, if pids were reused meanwhile, ends at a process without a verdict. */
	return verdict == UNDECIDED ? 0 : verdict;
}

static long judge_ancestor(void *ancestor, uint32_t pid)
{
	return pid == *(uint32_t *) ancestor;
}

bool ancestry_descends(const struct ancestry *a, struct line_memory *memory, uint32_t pid,
		       uint32_t ancestor)
{
	return ancestry_judge(a, memory, ancestry_parent(a, pid), judge_ancestor, &ancestor) > 0;
}

static int find_led_by(struct snapshot *snapshot, uint32_t pid, struct machine *machine)
{
	struct machine found;
	int r = snapshot_find_leader(snapshot, pid, &found);

	if (r < 0)
		return r;
	if (leader_state(&found.leader, &snapshot->meta.context, NULL) == LEADER_DEAD)
		return -ENOENT;
	*machine = found;
	return 0;
}

static long judge_leader(void *snapshot, uint32_t pid)
{
	struct machine machine;
	int r = pid > 1 ? find_led_by(snapshot, pid, &machine) : -ENOENT;

	return r == 0 ? (long) pid : r == -ENOENT ? 0 : r;
}

int nearest_leader_find(struct ancestry *a, struct snapshot *snapshot, uint32_t pid,
			struct machine *machine)
{
	int r = -ENOENT;

	while (r == -ENOENT && pid > 0) {
		long leader = ancestry_judge(a, &a->led, pid, judge_leader, snapshot);

		if (leader <= 0)
			return leader < 0 ? (int) leader : -ENOENT;
		r = find_led_by(snapshot, (uint32_t) leader, machine);
		/* It has died since: those below it have other parents now. */
		if (r == -ENOENT)
			line_memory_done(&a->led);
	}
	return r;
}
