/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What /proc says of the process that leads a machine. Part of the writing
 * half.
 */
#pragma once

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
	LEADER_UNREADABLE, /* errno says why */
};

/*
 * Look at a process. With LEADER_OK, `leader` is who it is and `pidfd` a new
 * descriptor of it, the caller's to close: pidfd_open(2).
 */
enum leader_verdict leader_inspect(int64_t pid, struct machine_leader *leader, int *pidfd);

/* Whether it still runs: what was read of its pid meanwhile was its. */
bool leader_is_running(int pidfd);

/*
 * The same as leader_is_gone(), which plug-ins have to do with; faster where
 * pidfds have inodes of their own.
 */
bool leader_has_died(const struct machine_leader *leader, const struct registry_origin *origin);

/*
 * A new pidfd of the leader that a registry of this origin names. What is then
 * done by its pid was done to it, if leader_is_running() afterwards. -ESRCH if
 * it has died; -EXDEV where pids of that origin mean others here; or another
 * negative errno.
 */
int leader_open(const struct machine_leader *leader, const struct registry_origin *origin);

/* Whether the process shares the caller's "user", "mnt" or "net" namespace. 1, 0, or an errno. */
int process_shares_namespace(uint32_t pid, const char *namespace);

/*
 * Its uid or gid map: 0 extents in the caller's own user namespace, or with a
 * map of all ids onto themselves. Returns how many, or a negative errno.
 */
int process_read_idmap(uint32_t pid, enum id_kind kind,
		       struct idmap_extent extents[static IDMAP_EXTENTS_MAX]);

/*
 * The host's path of its root directory. -ENOENT where it has the caller's
 * own root and mount namespace, or a root that no path of the host's leads to.
 */
int process_read_root(uint32_t pid, char path[static PATH_MAX]);
