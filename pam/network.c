/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pam/network.h"

#include "registry/cleanup.h"
#include "registry/process_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define OWN_NAMESPACE  "/proc/thread-self/ns/net"
#define INIT_NAMESPACE "/proc/1/ns/net"

#define PATH_SIZE sizeof "/proc/4294967295/ns/net"

static const char *namespace_path(char path[static PATH_SIZE], uint32_t pid)
{
	snprintf(path, PATH_SIZE, "/proc/%u/ns/net", pid);
	return path;
}

static bool is_same(const struct namespace_identity *a, const struct namespace_identity *b)
{
	return a->device == b->device && a->inode == b->inode;
}

/* Open it, if `fd` isn't NULL, and say which one it is. */
static int identify(const char *path, int *fd, struct namespace_identity *identity)
{
	struct stat st;

	if (fd) {
		*fd = open(path, O_RDONLY | O_CLOEXEC);
		if (*fd < 0)
			return -errno;
	}
	if ((fd ? fstat(*fd, &st) : stat(path, &st)) < 0)
		return -errno;
	*identity = (struct namespace_identity){ st.st_dev, st.st_ino };
	return 0;
}

/*
 * Opened first, and only then is the leader seen to live: until then its pid
 * was no other's, so the namespace is its.
 */
static int open_leaders(const struct machine_leader *leader, int *fd,
			struct namespace_identity *identity)
{
	struct process_stat stat;
	char path[PATH_SIZE];
	int r = identify(namespace_path(path, leader->pid), fd, identity);

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	r = process_stat_read(leader->pid, &stat);
	if (r < 0 || stat.start_time != leader->start_time || process_stat_is_dead(&stat))
		return -ESRCH;
	return 0;
}

int network_enter(const struct machine_leader *leader, const struct registry_origin *origin,
		  struct network_visit *visit)
{
	CLEANUP_CLOSE int fd = -1;
	struct namespace_identity own = { 0 }, there = { 0 }, host = { 0 };
	int r;

	if (!registry_origin_is_mine(origin))
		return -EXDEV;
	r = open_leaders(leader, &fd, &there);
	if (r == 0)
		r = identify(OWN_NAMESPACE, NULL, &own);
	if (r < 0)
		return r;
	if (identify(INIT_NAMESPACE, NULL, &host) == 0 && is_same(&host, &there))
		return -ENONET;
	if (!is_same(&own, &there) && setns(fd, CLONE_NEWNET) < 0)
		return -errno;
	if (!is_same(&own, &visit->there))
		visit->home = own;
	visit->there = there;
	return 0;
}

int network_leave(const struct network_visit *visit)
{
	char parent[PATH_SIZE];
	const char *candidates[] = { INIT_NAMESPACE, namespace_path(parent, (uint32_t) getppid()) };
	struct namespace_identity own = { 0 };
	int r = identify(OWN_NAMESPACE, NULL, &own);

	if (r < 0 || is_same(&own, &visit->home) || !is_same(&own, &visit->there))
		return r;
	for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
		CLEANUP_CLOSE int fd = -1;
		struct namespace_identity identity;

		if (identify(candidates[i], &fd, &identity) == 0 &&
		    is_same(&identity, &visit->home))
			return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
	}
	return -ENOENT;
}

const char *network_error_words(int error)
{
	switch (error) {
	case -ESRCH: return "it isn't running";
	case -EXDEV: return "it is registered in another pid namespace";
	case -ENONET: return "it has the host's, and none of its own";
	default: return strerror(-error);
	}
}
