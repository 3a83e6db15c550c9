/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pam/network.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "registry/leader_state.h"

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

/* Identify a namespace, and open it if `fd` isn't NULL. */
static int identify(const char *path, int *fd, struct file_identity *identity)
{
	struct stat st;

	if (fd) {
		*fd = open(path, O_RDONLY | O_CLOEXEC);
		if (*fd < 0)
			return -errno;
	}
	if ((fd ? fstat(*fd, &st) : stat(path, &st)) < 0)
		return -errno;
	*identity = file_identity_of(&st);
	return 0;
}

/*
 * Open the namespace first and check the leader afterwards: if it lives then, the
 * pid was the leader's when the path was opened.
 */
static int open_leaders(const struct machine_leader *leader, const struct pid_context *context,
			int *fd, struct file_identity *identity)
{
	char path[PATH_SIZE];
	int r = identify(namespace_path(path, leader->pid), fd, identity), error;

	switch (leader_state(leader, context, &error)) {
	case LEADER_ALIVE: return r;
	case LEADER_DEAD: return -ESRCH;
	case LEADER_UNKNOWN: break;
	}
	return error;
}

/*
 * If process 1 can't be examined, take the own namespace for the host's, unless it
 * is the one that was entered.
 */
static bool is_hosts(const struct file_identity *there, const struct file_identity *own,
		     const struct network_visit *visit)
{
	struct file_identity host = { 0 };

	if (identify(INIT_NAMESPACE, NULL, &host) == 0)
		return file_identities_equal(*there, host);
	return file_identities_equal(*there, *own) && !file_identities_equal(*there, visit->there);
}

int network_enter(const struct machine_leader *leader, const struct pid_context *context,
		  struct network_visit *visit)
{
	CLEANUP_CLOSE int fd = -1;
	struct file_identity own = { 0 }, there = { 0 };
	int r = open_leaders(leader, context, &fd, &there);

	if (r == 0)
		r = identify(OWN_NAMESPACE, NULL, &own);
	if (r < 0)
		return r;
	if (is_hosts(&there, &own, visit))
		return -ENONET;
	if (!file_identities_equal(own, there) && setns(fd, CLONE_NEWNET) < 0)
		return -errno;
	if (!file_identities_equal(own, visit->there))
		visit->home = own;
	visit->there = there;
	return 0;
}

int network_leave(const struct network_visit *visit)
{
	char parent[PATH_SIZE];
	const char *candidates[] = { INIT_NAMESPACE, namespace_path(parent, (uint32_t) getppid()) };
	struct file_identity own = { 0 };
	int r = identify(OWN_NAMESPACE, NULL, &own);

	if (r < 0 || file_identities_equal(own, visit->home) ||
	    !file_identities_equal(own, visit->there))
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
		CLEANUP_CLOSE int fd = -1;
		struct file_identity identity;

		if (identify(candidates[i], &fd, &identity) == 0 &&
		    file_identities_equal(identity, visit->home))
			return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
	}
	return -ENOENT;
}

const char *network_error_words(int error)
{
	switch (error) {
	case -ESRCH: return "it isn't running";
	case -EXDEV: return "it is registered in another pid namespace";
	case -ENOENT: return "the network namespace that it came from isn't found again";
	case -ENONET: return "it has no network namespace of its own";
	default: return strerror(-error);
	}
}
