/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts about a machine's leader from /proc. */
#pragma once

#include "base/file_identity.h"
#include "registry/database.h"
#include "registry/file.h"
#include "registry/record.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Why a process can't lead a machine. */
enum leader_verdict {
	LEADER_OK,
	LEADER_NO_PID, /* 0, negative, or too large */
	LEADER_INIT,   /* pid 1: the host itself */
	LEADER_SELF,   /* the calling process */
	LEADER_ABSENT,
	LEADER_THREAD, /* a thread's id, not a process's */
	LEADER_KERNEL_THREAD,
	LEADER_ZOMBIE,
	LEADER_UNREADABLE, /* an error says why */
};

/*
 * Examine a process. With LEADER_OK, `leader` identifies it and `pidfd` is a new
 * descriptor of it, which the caller closes. With LEADER_UNREADABLE, `error`
 * becomes a negative errno.
 */
enum leader_verdict leader_inspect(int64_t pid, struct machine_leader *leader, int *pidfd,
				   int *error);

/*
 * The same, without a wait for a process that executes a program (process_status.h), but with its start time only
 * where there is no inode: before Linux 6.9. For processes that won't be a machine's leader.
 */
enum leader_verdict process_inspect(int64_t pid, struct machine_leader *leader, int *pidfd,
				    int *error);

/*
 * Identify the process of a pidfd that somebody else has opened, as process_inspect() does. 0; -EBADF if it is no
 * pidfd; -ESRCH if the process has died, or has no pid in the caller's namespace; or
 * another negative errno.
 */
int pidfd_identify(int pidfd, struct machine_leader *leader);

/* Whether a process can be the expected one, whose zeros are unknown. */
bool leader_is_expected(const struct machine_leader *leader, const struct machine_leader *expected);

/* Whether this is the id of the running boot: as in boot_id of random(4), with or without hyphens. */
bool boot_is_current(const char *id);

/* The words for a verdict: "is a zombie". `error` is that of LEADER_UNREADABLE. */
const char *leader_verdict_words(enum leader_verdict verdict, int error);

/*
 * Open a pidfd of the leader that a registry of this pid context names. Actions by
 * its pid have reached the leader if pidfd_is_alive() is true afterwards. -ESRCH
 * if the leader has died; -EXDEV in another pid namespace; or another negative
 * errno.
 */
int leader_open(const struct machine_leader *leader, const struct pid_context *context);

/*
 * Open a pidfd of the leader if its inode proves it. -ESRCH if its pid is another process's by now;
 * -ENOSYS if no inode is known; or another negative errno. The leader may be a zombie.
 */
int leader_open_by_inode(const struct machine_leader *leader);

enum namespace_kind {
	NAMESPACE_USER,
	NAMESPACE_MOUNT,
	NAMESPACE_PID,
	NAMESPACE_NETWORK,
	NAMESPACE_IPC,
	NAMESPACE_UTS,
	NAMESPACE_CGROUP,
	NAMESPACE_TIME,
	OWN_NAMESPACES
};

/*
 * A descriptor of a namespace of the process, which the caller closes; or a negative errno, of
 * ioctl(2), where the kernel doesn't know this: before Linux 6.11.
 */
int pidfd_open_namespace(int pidfd, enum namespace_kind kind);

/*
 * The same by a pid, on any kernel. Where that is possible, no process that executes a program is waited for:
 * process_status.h.
 */
int process_open_namespace(uint32_t pid, enum namespace_kind kind);

/*
 * The caller's namespaces, as far as they have been asked for: for many looks in a row, between
 * which the caller comes back into them. Functions that take it also take NULL, and ask then.
 */
struct own_namespaces {
	bool is_known[OWN_NAMESPACES];
	struct file_identity identities[OWN_NAMESPACES];
	struct {
		uint32_t pid; /* 0: none */
		int pidfd;
		bool is_known[OWN_NAMESPACES];
		struct file_identity identities[OWN_NAMESPACES];
	} process; /* the one that is looked at now */
};

/*
 * The following calls are one look at this process, of which a pidfd is open: each of its namespaces
 * is asked for once, by the pidfd, which takes half of the time of a path in /proc. With pid 0, that
 * is over.
 */
void own_namespaces_look_at(struct own_namespaces *own, uint32_t pid, int pidfd);

/* Whether the process shares the caller's namespace of a kind. 1, 0 or a negative errno. */
int process_shares_namespace(struct own_namespaces *own, uint32_t pid, enum namespace_kind kind);

/*
 * Find out which namespaces aren't the caller's, as enum machine_namespaces
 * without MACHINE_HAS_LOST_IDS, and the inode of its user namespace. 0 or a
 * negative errno.
 */
int process_read_namespaces(struct own_namespaces *own, uint32_t pid, uint32_t *namespaces,
			    uint64_t *user_namespace);

/*
 * Whether all four of its uids are the user's: proc_pid_status(5). The owner of its files in /proc
 * says less: that is root, too, for a process that isn't dumpable.
 */
bool process_runs_as(uint32_t pid, uid_t user);

/*
 * Read the uid or gid map. In the caller's own user namespace it is
 * idmap_is_identity(). A map without extents maps no id. Returns the number of
 * extents, or a negative errno.
 */
int process_read_idmap(struct own_namespaces *own, uint32_t pid, enum id_kind kind,
		       struct idmap_extent extents[static IDMAP_EXTENTS_MAX]);

/*
 * Find the host's path of its root directory, of which `root` is a descriptor. -ENOENT if it has the caller's own
 * root and mount namespace, or if no path of the host leads to its root. -EREMOTE if the kernel doesn't know
 * without asking a server, which may be the machine's: the machine chooses the paths that are tried.
 */
int process_read_root(struct own_namespaces *own, uint32_t pid, int root,
		      char path[static PATH_MAX]);
