/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/processes/membership.h"

#include "base/cleanup.h"
#include "host/file_reader.h"
#include "host/process.h"
#include "registry/leader_state.h"
#include "tools/processes/cgroup_processes.h"
#include "tools/processes/machine_processes.h"
#include "tools/processes/machine_unit.h"
#include "tools/processes/pid_namespace.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* The levels of cgroups from the root in which leaders are looked for. */
#define CGROUP_DEPTH_MAX 64

/* Machines whose processes are kept open: each may have a descriptor. */
#define KNOWN_MACHINES_MAX 16

struct pid_namespace {
	ino_t inode;
	char name[MACHINE_NAME_SIZE]; /* the machine's, folded */
};

/* A cgroup path, and the leader of a machine in it. */
struct known_cgroup {
	const char *path;
	uint32_t leader; /* or 0 */
};

/* A machine, and whether its unit is its own. */
struct known_unit {
	uint64_t sequence;
	bool is_own;
};

/* A machine, and what was found out about its processes. */
struct known_machine {
	struct machine machine;
	struct machine_processes processes;
};

static void keep_in_arena(void *known)
{
	(void) known;
}

static int compare_cgroups(const void *a, const void *b)
{
	return strcmp(((const struct known_cgroup *) a)->path,
		      ((const struct known_cgroup *) b)->path);
}

void membership_done(struct membership *mb)
{
	size_t count = mb->n_known_machines < KNOWN_MACHINES_MAX ? mb->n_known_machines
								 : KNOWN_MACHINES_MAX;

	for (size_t i = 0; i < count; i++)
		machine_processes_close(&mb->known_machines[i].processes);
	tdestroy(mb->known_cgroups, keep_in_arena);
	mb->known_cgroups = NULL;
	ancestry_done(&mb->ancestry);
	file_reader_stop();
}

static bool is_led_here(struct snapshot *s, const struct machine *m)
{
	return leader_state(&m->leader, &s->meta.context, NULL) != LEADER_DEAD;
}

static void read_namespaces(struct membership *mb)
{
	ino_t own = pid_namespace_inode(0);
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;

	mb->has_namespaces = true;
	while (snapshot_next(mb->snapshot, folded, &m) == 0) {
		struct pid_namespace found = { .inode = pid_namespace_inode(m.leader.pid) };

		/* The namespace may be the host's, another machine's, or not visible. */
		if (!found.inode || found.inode == own || !is_led_here(mb->snapshot, &m) ||
		    !pid_namespace_is_led_by(m.leader.pid))
			continue;
		strcpy(found.name, folded);
		mb->namespaces =
			arena_grow(mb->arena, mb->namespaces, mb->n_namespaces, sizeof found);
		mb->namespaces[mb->n_namespaces++] = found;
	}
}

static const char *find_namespace(const struct membership *mb, ino_t inode)
{
	for (size_t i = 0; i < mb->n_namespaces; i++)
		if (mb->namespaces[i].inode == inode)
			return mb->namespaces[i].name;
	return NULL;
}

/* By the machine's own pid namespace, or one inside it. */
static int find_by_namespace(struct membership *mb, uint32_t pid, struct machine *m)
{
	ino_t inodes[PID_NAMESPACES_MAX];
	int count = pid_namespaces_read(pid, inodes);

	if (count > 0 && !mb->has_namespaces)
		read_namespaces(mb);
	for (int i = 0; i < count; i++) {
		const char *name = find_namespace(mb, inodes[i]);

		if (name)
			return snapshot_find_name(mb->snapshot, name, m);
	}
	return -ENOENT;
}

/* The leader of a machine that is directly in this cgroup, or 0. */
static uint32_t read_cgroup_leader(struct membership *mb, const char *path)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	uint32_t *pids;
	long count = cgroup_processes_read_one(
		&arena, arena_printf(&arena, "%s%s", mb->cgroups->mount, path), &pids);

	for (long i = 0; i < count; i++) {
		struct machine m;

		if (pids[i] && snapshot_find_leader(mb->snapshot, pids[i], &m) == 0 &&
		    is_led_here(mb->snapshot, &m))
			return pids[i];
	}
	return 0;
}

static uint32_t find_cgroup_leader(struct membership *mb, const char *path)
{
	const struct known_cgroup asked = { .path = path };
	struct known_cgroup **found = tfind(&asked, &mb->known_cgroups, compare_cgroups), *known;

	if (found)
		return (*found)->leader;
	known = arena_alloc(mb->arena, sizeof *known);
	known->path = arena_strdup(mb->arena, path);
	known->leader = read_cgroup_leader(mb, path);
	/* Without memory for it, it is read again. */
	(void) !tsearch(known, &mb->known_cgroups, compare_cgroups);
	return known->leader;
}

/* The processes of a machine, or NULL. */
static struct machine_processes *find_processes(struct membership *mb, const struct machine *m)
{
	struct known_machine *known = mb->known_machines;

	for (size_t i = 0; i < mb->n_known_machines && i < KNOWN_MACHINES_MAX; i++)
		if (known[i].machine.sequence == m->sequence)
			return &known[i].processes;
	if (!known)
		known = mb->known_machines =
			arena_alloc(mb->arena, KNOWN_MACHINES_MAX * sizeof *known);
	known += mb->n_known_machines % KNOWN_MACHINES_MAX;
	if (mb->n_known_machines >= KNOWN_MACHINES_MAX)
		machine_processes_close(&known->processes);
	mb->n_known_machines++;
	known->machine = *m;
	if (machine_processes_open(&known->processes, mb->snapshot, mb->cgroups, mb->arena,
				   &known->machine) == 0)
		return &known->processes;
	known->machine.sequence = UINT64_MAX;
	return NULL;
}

static bool machine_has(struct membership *mb, const struct machine *m, uint32_t pid)
{
	struct machine_processes *p = find_processes(mb, m);

	return p && machine_processes_has(p, pid);
}

/* Cut what is deeper in the tree of cgroups than a leader is. A user may make a thousand levels. */
static void cut_depth(char *path)
{
	for (int depth = 0; (path = strchr(path, '/')); path++)
		if (depth++ == CGROUP_DEPTH_MAX) {
			*path = '\0';
			return;
		}
}

/* By the cgroup of a leader: that of the process, or one above. */
static int find_by_cgroup(struct membership *mb, uint32_t pid, struct machine *m)
{
	CLEANUP_FREE char *path = mb->cgroups ? cgroup_read_path(mb->cgroups, pid) : NULL;
	char *slash;

	if (!path || strstr(path, "/.."))
		return -ENOENT;
	cut_depth(path);
	/* The root cgroup is nobody's. */
	while (path[1]) {
		uint32_t leader = find_cgroup_leader(mb, path);

		if (leader && snapshot_find_leader(mb->snapshot, leader, m) == 0)
			return machine_has(mb, m, pid) ? 0 : -ENOENT;
		slash = strrchr(path, '/');
		if (!slash || slash == path)
			break;
		*slash = '\0';
	}
	return -ENOENT;
}

int membership_find_owner(struct membership *mb, uint32_t pid, struct machine *machine)
{
	int r = nearest_leader_find(&mb->ancestry, mb->snapshot, pid, machine);

	if (r == -ENOENT)
		r = find_by_namespace(mb, pid, machine);
	return r == -ENOENT ? find_by_cgroup(mb, pid, machine) : r;
}

/* Whether its unit counts as the machine's: it was given, or all in it are the machine's. */
static bool is_unit_of(struct membership *mb, const struct machine *m)
{
	struct known_unit known = { .sequence = m->sequence };

	if (m->given & MACHINE_GIVEN_UNIT)
		return true;
	for (size_t i = 0; i < mb->n_known_units; i++)
		if (mb->known_units[i].sequence == m->sequence)
			return mb->known_units[i].is_own;
	known.is_own = machine_unit_is_own(mb->snapshot, mb->cgroups, m);
	mb->known_units = arena_grow(mb->arena, mb->known_units, mb->n_known_units, sizeof known);
	mb->known_units[mb->n_known_units++] = known;
	return known.is_own;
}

static int find_by_unit(struct membership *mb, uint32_t pid, struct machine *m)
{
	struct machine found = { 0 };
	char unit[UNIT_NAME_SIZE];
	size_t count = 0;
	int r = mb->cgroups ? process_read_unit(mb->cgroups, pid, unit) : -ENOENT;

	while (r == 0) {
		r = snapshot_find_unit(mb->snapshot, unit, found.sequence, &found);
		if (r == 0 && is_led_here(mb->snapshot, &found) && is_unit_of(mb, &found) &&
		    count++ == 0)
			*m = found;
	}
	/* If several machines share the unit, it doesn't tell them apart. */
	return r == -ENOENT && count == 1 ? 0 : r;
}

int membership_find(struct membership *mb, uint32_t pid, struct machine *machine)
{
	int r = membership_find_owner(mb, pid, machine);

	return r == -ENOENT ? find_by_unit(mb, pid, machine) : r;
}
