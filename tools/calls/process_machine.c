/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/process_machine.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "registry/lookup.h"
#include "tools/processes/membership.h"

#include <errno.h>
#include <string.h>

static int find_member(struct snapshot *snapshot, uint32_t pid, struct machine *machine)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct cgroup_hierarchy cgroups;
	CLEANUP(membership_done)
	struct membership membership = { .snapshot = snapshot, .arena = &arena };
	int r = nearest_leader_find(&membership.ancestry, snapshot, pid, machine);

	/* The rest takes a look at control groups. */
	if (r != -ENOENT)
		return r;
	membership.cgroups = cgroup_hierarchy_find(&cgroups) == 0 ? &cgroups : NULL;
	return membership_find(&membership, pid, machine);
}

int process_machine_in(struct snapshot *snapshot, pid_t pid, char **name)
{
	struct machine machine;
	int r = -ENOENT;

	if (pid > 1 && snapshot->is_open)
		r = find_member(snapshot, (uint32_t) pid, &machine);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	*name = strdup(machine.name);
	return *name ? 1 : -ENOMEM;
}

int process_machine(pid_t pid, char **name)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct failure failure;

	if (pid <= 1)
		return 0;
	if (registry_open(&snapshot, &failure) < 0)
		return failure.error ? failure.error : -EIO;
	return process_machine_in(&snapshot, pid, name);
}
