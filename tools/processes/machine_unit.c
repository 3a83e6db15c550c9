/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/processes/machine_unit.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/format.h"
#include "base/proc_file.h"
#include "host/process_status.h"
#include "registry/process_stat.h"
#include "tools/processes/cgroup_processes.h"

#include <string.h>
#include <strings.h>

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
 * Whether the process is one of those that start machines and stay beside them: comm of proc(5), of at most
 * 15 bytes. Any other program may have more to do, such as a web application that has started a VM.
 */
static bool is_launcher(uint32_t pid)
{
	static const char *const launchers[] = {
		"systemd-nspawn", "systemd-vmspawn", "lxc-start", "lxc-execute", "libvirt_lxc",
		"conmon",	  "containerd-shim", "runc",	  "crun",	 "youki",
		"runsc",	  "bwrap",	     "unshare",	  "nsenter",	 "mymachines",
	};
	CLEANUP_FREE char *name = proc_read_text(pid, "comm");

	if (!name)
		return false;
	name[strcspn(name, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(launchers); i++)
		if (strcmp(name, launchers[i]) == 0)
			return true;
	return false;
}

bool machine_unit_is_made_for(const struct machine *machine)
{
	CLEANUP_FREE char *unit = strdup(machine->unit);
	char *dot = unit ? strrchr(unit, '.') : NULL, *at;

	if (machine->given & MACHINE_GIVEN_UNIT)
		return true;
	/* A user who registers a machine chooses its name, which may be that of any service. */
	if (!dot || machine->owner != 0)
		return false;
	*dot = '\0';
	at = strchr(unit, '@');
	return strcasecmp(unescape(at ? at + 1 : unit), machine->name) == 0;
}

/* A unit that may be the machine's. */
struct candidate {
	struct machine_processes *processes;
	const char *cgroup;
	bool is_made_for;		 /* the machine */
	struct line_memory below_parent; /* which processes are below the leader's parent */
};

static bool may_supervise(const struct candidate *c, uint32_t pid)
{
	return c->is_made_for || is_launcher(pid);
}

/*
 * A process of the host in the unit. One with a terminal is somebody's who works there, such as the shell of
 * an ssh session where no session has a scope of its own.
 */
static bool is_supervisor(struct candidate *c, uint32_t pid)
{
	struct process_stat stat;
	struct machine_processes *p = c->processes;
	uint32_t leader = p->machine->leader.pid;
	uint32_t parent = ancestry_parent(&p->ancestry, leader);
	CLEANUP_FREE char *path = NULL;

	/* It has just died. */
	if (process_stat_read(pid, &stat) < 0)
		return true;
	if (stat.has_terminal)
		return false;
	if (machine_processes_are_below(p, pid))
		return may_supervise(c, pid);
	if (parent <= 1 || !ancestry_descends(&p->ancestry, &c->below_parent, pid, parent))
		return false;
	path = cgroup_read_path(p->cgroups, parent);
	return path && cgroup_path_is_within(path, c->cgroup) && may_supervise(c, parent);
}

static bool may_be_in_unit(struct candidate *c, uint32_t pid)
{
	struct machine_processes *p = c->processes;
	struct process_status status;

	/* 0 is a process outside of our pid namespace. */
	if (pid == 0)
		return false;
	/* This process only looks: it will have left when the answer counts. */
	if (pid == (uint32_t) getpid() || process_status_read(pid, &status) < 0 ||
	    process_status_is_dead(&status))
		return true;
	switch (machine_processes_relation(p, pid)) {
	case PROCESS_OWN: return true;
	case PROCESS_OF_OTHER_MACHINE: return false;
	default: return is_supervisor(c, pid) || machine_processes_has(p, pid);
	}
}

bool machine_owns_unit(struct machine_processes *p)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct candidate candidate = { .processes = p, .cgroup = machine_unit_cgroup(p) };
	bool is_own = true;
	uint32_t *pids;
	long count;

	if (!candidate.cgroup)
		return false;
	candidate.is_made_for = machine_unit_is_made_for(p->machine);
	count = cgroup_processes_read(
		&arena, arena_printf(&arena, "%s%s", p->cgroups->mount, candidate.cgroup), &pids);
	for (long i = 0; i < count && is_own; i++)
		is_own = may_be_in_unit(&candidate, pids[i]);
	line_memory_done(&candidate.below_parent);
	return count > 0 && is_own;
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
