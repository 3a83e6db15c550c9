/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/membership.h"

#include "registry/process.h"
#include "registry/process_stat.h"
#include "tools/pid_namespace.h"

#include <errno.h>
#include <string.h>

struct pid_namespace {
	ino_t inode;
	char name[MACHINE_NAME_SIZE]; /* the machine's, folded */
};

static bool is_led_here(struct snapshot *s, const struct machine *m)
{
	return !leader_has_died(&m->leader, &s->meta.origin);
}

static void read_namespaces(struct membership *mb)
{
	ino_t own = pid_namespace_inode(0);
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;

	mb->has_namespaces = true;
	while (snapshot_next(mb->snapshot, folded, &m) == 0) {
		struct pid_namespace found = { .inode = pid_namespace_inode(m.leader.pid) };

		if (!is_led_here(mb->snapshot, &m))
			continue;
		/* The namespace may be the host's, another machine's, or not to be seen. */
		if (!found.inode || found.inode == own || !pid_namespace_is_led_by(m.leader.pid)) {
			mb->has_neighbours = true;
			continue;
		}
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

/* The machine's own pid namespace, or one inside it. */
static int find_by_namespace(struct membership *mb, uint32_t pid, struct machine *m)
{
	ino_t inodes[PID_NAMESPACES_MAX];
	int count = pid_namespaces_read(pid, inodes);

	for (int i = 0; i < count; i++) {
		const char *name = find_namespace(mb, inodes[i]);

		if (name)
			return snapshot_find_name(mb->snapshot, name, m);
	}
	return -ENOENT;
}

static int find_by_unit(struct membership *mb, uint32_t pid, struct machine *m)
{
	struct machine found = { 0 };
	char unit[UNIT_NAME_SIZE];
	size_t count = 0;
	int r = mb->cgroups ? process_read_unit(mb->cgroups, pid, unit) : -ENOENT;

	while (r == 0) {
		r = snapshot_find_unit(mb->snapshot, unit, found.sequence, &found);
		if (r == 0 && is_led_here(mb->snapshot, &found) && count++ == 0)
			*m = found;
	}
	/* Where several machines share it, it tells nothing. */
	return r == -ENOENT && count == 1 ? 0 : r;
}

static int find_by_leader(struct membership *mb, uint32_t pid, struct machine *m)
{
	struct machine found;
	int r = snapshot_find_leader(mb->snapshot, pid, &found);

	if (r < 0 || !is_led_here(mb->snapshot, &found))
		return r < 0 ? r : -ENOENT;
	*m = found;
	return 0;
}

static uint32_t parent_of(const struct membership *mb, uint32_t pid)
{
	const struct process *process;
	struct process_stat stat;

	if (!mb->processes)
		return process_stat_read(pid, &stat) == 0 ? stat.parent : 0;
	process = processes_find(mb->processes, mb->n_processes, pid);
	return process ? process->parent : 0;
}

/* A leader without a pid namespace of its own is known by its children alone. */
static int find_by_ancestors(struct membership *mb, uint32_t pid, struct machine *m)
{
	int r = -ENOENT;

	while (mb->has_neighbours && r == -ENOENT && (pid = parent_of(mb, pid)) > 1)
		r = find_by_leader(mb, pid, m);
	return r;
}

int membership_find(struct membership *mb, uint32_t pid, struct machine *machine)
{
	int r = find_by_leader(mb, pid, machine);

	if (!mb->has_namespaces)
		read_namespaces(mb);
	/* The nearest leader, also where it is in another machine's namespace. */
	if (r == -ENOENT)
		r = find_by_ancestors(mb, pid, machine);
	if (r == -ENOENT)
		r = find_by_namespace(mb, pid, machine);
	/* Last, because a unit may have others in it, too. */
	return r == -ENOENT ? find_by_unit(mb, pid, machine) : r;
}
