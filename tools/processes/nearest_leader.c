/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/processes/nearest_leader.h"

#include "registry/leader_state.h"
#include "registry/process_stat.h"

#include <errno.h>

/* More than the ancestors of any process: a loop, as pids were reused while we looked. */
#define ANCESTORS_MAX 4096

uint32_t ancestry_parent(const struct ancestry *a, uint32_t pid)
{
	const struct process *process = processes_find(a->processes, a->count, pid);
	struct process_stat stat;

	if (process)
		return process->parent;
	return process_stat_read(pid, &stat) == 0 ? stat.parent : 0;
}

bool ancestry_descends(const struct ancestry *a, uint32_t pid, uint32_t ancestor)
{
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		pid = ancestry_parent(a, pid);
		if (pid == ancestor)
			return true;
	}
	return false;
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

int nearest_leader_find(const struct ancestry *a, struct snapshot *snapshot, uint32_t pid,
			struct machine *machine)
{
	int r = -ENOENT;

	for (int i = 0; i < ANCESTORS_MAX && pid > 1 && r == -ENOENT; i++) {
		r = find_led_by(snapshot, pid, machine);
		if (r == -ENOENT)
			pid = ancestry_parent(a, pid);
	}
	return r;
}
