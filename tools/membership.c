/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/membership.h"

#include "registry/cleanup.h"
#include "registry/process.h"
#include "registry/process_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

struct pid_namespace {
	ino_t inode;
	char name[MACHINE_NAME_SIZE]; /* the machine's, folded */
};

static int open_pid_namespace(uint32_t pid)
{
	char path[sizeof "/proc/4294967295/ns/pid"];

	snprintf(path, sizeof path, "/proc/%u/ns/pid", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static ino_t inode_of(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static bool is_led_here(struct snapshot *s, const struct machine *m)
{
	return !leader_has_died(&m->leader, &s->meta.origin);
}

static void read_namespaces(struct membership *mb)
{
	CLEANUP_CLOSE int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;

	mb->has_namespaces = true;
	while (snapshot_next(mb->snapshot, folded, &m) == 0) {
		CLEANUP_CLOSE int fd = open_pid_namespace(m.leader.pid);
		struct pid_namespace found = { .inode = inode_of(fd) };

		/* A leader in the host's pid namespace has others for neighbours. */
		if (!found.inode || found.inode == inode_of(own) || !is_led_here(mb->snapshot, &m))
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

/* The machine's own pid namespace, or one inside it: pid_namespaces(7), ioctl_ns(2). */
static int find_by_namespace(struct membership *mb, uint32_t pid, struct machine *m)
{
	int fd = open_pid_namespace(pid);

	if (!mb->has_namespaces)
		read_namespaces(mb);
	while (fd >= 0) {
		const char *name = find_namespace(mb, inode_of(fd));
		int parent;

		if (name) {
			close(fd);
			return snapshot_find_name(mb->snapshot, name, m);
		}
		parent = ioctl(fd, NS_GET_PARENT);
		close(fd);
		fd = parent;
	}
	return -ENOENT;
}

static int find_by_unit(struct membership *mb, uint32_t pid, struct machine *m)
{
	char unit[UNIT_NAME_SIZE];
	struct machine found = { 0 };
	int r = mb->cgroups ? process_read_unit(mb->cgroups, pid, unit) : -ENOENT;

	while (r == 0) {
		r = snapshot_find_unit(mb->snapshot, unit, found.sequence, &found);
		if (r == 0 && is_led_here(mb->snapshot, &found)) {
			*m = found;
			return 0;
		}
	}
	return r;
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

static int find_by_ancestors(struct membership *mb, uint32_t pid, struct machine *m)
{
	while (pid > 1) {
		struct process_stat stat;
		int r = find_by_leader(mb, pid, m);

		if (r != -ENOENT)
			return r;
		if (process_stat_read(pid, &stat) < 0)
			break;
		pid = stat.parent;
	}
	return -ENOENT;
}

int membership_find(struct membership *mb, uint32_t pid, struct machine *machine)
{
	int r = find_by_leader(mb, pid, machine);

	if (r == -ENOENT)
		r = find_by_namespace(mb, pid, machine);
	if (r == -ENOENT)
		r = find_by_unit(mb, pid, machine);
	return r == -ENOENT ? find_by_ancestors(mb, pid, machine) : r;
}
