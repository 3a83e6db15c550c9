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
static int open_leaders(const struct machine_leader *leader, const struct registry_origin *origin,
			int *fd, struct namespace_identity *identity)
{
	char path[PATH_SIZE];
	int r = identify(namespace_path(path, leader->pid), fd, identity), lives;

	lives = leader_lives(leader, origin);
	if (lives <= 0)
		return lives < 0 ? lives : -ESRCH;
	return r;
}

/* A service that may not look at process 1 takes its own for the host's, but on a visit. */
static bool is_hosts(const struct namespace_identity *there, const struct namespace_identity *own,
		     const struct network_visit *visit)
{
	struct namespace_identity host = { 0 };

	if (identify(INIT_NAMESPACE, NULL, &host) == 0)
		return is_same(there, &host);
	return is_same(there, own) && !is_same(there, &visit->there);
}

int network_enter(const struct machine_leader *leader, const struct registry_origin *origin,
		  struct network_visit *visit)
{
	CLEANUP_CLOSE int fd = -1;
	struct namespace_identity own = { 0 }, there = { 0 };
	int r = open_leaders(leader, origin, &fd, &there);

	if (r == 0)
		r = identify(OWN_NAMESPACE, NULL, &own);
	if (r < 0)
		return r;
	if (is_hosts(&there, &own, visit))
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
	case -ENOENT: return "that which it came from isn't found again";
	case -ENONET: return "it has the host's, and none of its own";
	default: return strerror(-error);
	}
}
