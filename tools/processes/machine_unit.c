/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/processes/machine_unit.h"

#include "base/cleanup.h"
#include "registry/process_stat.h"
#include "tools/processes/cgroup_processes.h"

#include <string.h>

/* The length of a path up to the unit's component, or 0 if the path isn't in the unit. */
static size_t unit_path_length(const char *path, const char *root, const char *unit)
{
	char found[UNIT_NAME_SIZE];
	const char *at = path;

	if (cgroup_unit(path, root, found) < 0 || strcmp(found, unit) != 0)
		return 0;
	while ((at = strstr(at, unit))) {
		const char *end = at + strlen(unit);

		/* The component may have a "_" in front. */
		if ((at[-1] == '/' || at[-1] == '_') && (*end == '/' || !*end))
			return (size_t) (end - path);
		at = end;
	}
	return 0;
}

const char *machine_unit_cgroup(struct machine_processes *p)
{
	const char *unit = p->machine->unit;

	if (!unit || !p->cgroups)
		return NULL;
	for (uint32_t pid = p->machine->leader.pid; pid > 1;
	     pid = ancestry_parent(&p->ancestry, pid)) {
		CLEANUP_FREE char *path = cgroup_read_path(p->cgroups, pid);
		size_t length = path ? unit_path_length(path, p->cgroups->root, unit) : 0;

		if (length)
			return arena_printf(p->arena, "%.*s", (int) length, path);
	}
	return NULL;
}

/*
 * A process of the host in the unit. One with a terminal is somebody's who works there, such as the shell of
 * an ssh session where no session has a scope of its own.
 */
static bool is_supervisor(struct machine_processes *p, const char *cgroup, uint32_t pid,
			  const struct process_stat *stat)
{
	uint32_t leader = p->machine->leader.pid;
	uint32_t parent = ancestry_parent(&p->ancestry, leader);
	CLEANUP_FREE char *path = NULL;

	if (stat->has_terminal)
		return false;
	if (ancestry_descends(&p->ancestry, leader, pid))
		return true;
	if (parent <= 1 || !ancestry_descends(&p->ancestry, pid, parent))
		return false;
	path = cgroup_read_path(p->cgroups, parent);
	return path && cgroup_path_is_within(path, cgroup);
}

static bool may_be_in_unit(struct machine_processes *p, const char *cgroup, uint32_t pid)
{
	struct process_stat stat;

	/* 0 is a process outside of our pid namespace. */
	if (pid == 0)
		return false;
	/* This process only looks: it will have left when the answer counts. */
	if (pid == (uint32_t) getpid() || process_stat_read(pid, &stat) < 0 ||
	    process_stat_is_dead(&stat))
		return true;
	switch (machine_processes_relation(p, pid)) {
	case PROCESS_OWN: return true;
	case PROCESS_OF_OTHER_MACHINE: return false;
	default: return is_supervisor(p, cgroup, pid, &stat) || machine_processes_has(p, pid);
	}
}

bool machine_owns_unit(struct machine_processes *p)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	const char *cgroup = machine_unit_cgroup(p);
	uint32_t *pids;
	long count;

	if (!cgroup)
		return false;
	count = cgroup_processes_read(
		&arena, arena_printf(&arena, "%s%s", p->cgroups->mount, cgroup), &pids);
	for (long i = 0; i < count; i++)
		if (!may_be_in_unit(p, cgroup, pids[i]))
			return false;
	return count > 0;
}

long machine_unit_list(struct machine_processes *p, struct arena *arena, struct process **list)
{
	const char *cgroup = machine_unit_cgroup(p);
	long count = machine_processes_list(p, arena, list), n = 0;
	size_t total = count > 0 ? (size_t) count : 0;
	uint32_t *pids;

	if (count < 0 || !cgroup ||
	    !(p->machine->given & MACHINE_GIVEN_UNIT || machine_owns_unit(p)))
		return count;
	n = cgroup_processes_read(arena, arena_printf(arena, "%s%s", p->cgroups->mount, cgroup),
				  &pids);
	for (long i = 0; i < n; i++) {
		enum process_relation relation = machine_processes_relation(p, pids[i]);

		/* A unit of several machines tells nothing about the rest of it. */
		if (relation == PROCESS_OF_OTHER_MACHINE)
			return count;
		if (relation != PROCESS_OF_HOST || pids[i] == 0)
			continue;
		*list = arena_grow(arena, *list, total, sizeof **list);
		(*list)[total++] = (struct process){ .pid = pids[i] };
	}
	return total > (size_t) count ? processes_complete(*list, total) : count;
}

bool machine_unit_is_own(struct snapshot *snapshot, const struct cgroup_hierarchy *cgroups,
			 const struct machine *machine)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(machine_processes_close) struct machine_processes p = { .namespace = -1 };

	return machine_processes_open(&p, snapshot, cgroups, &arena, machine) == 0 &&
	       machine_owns_unit(&p);
}
