/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* There is one monitor: the process that has a lock on a file in the registry's directory. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MONITOR_LOCK_PATH REGISTRY_DIRECTORY "/monitor.lock"

/*
 * Make the registry's directory if there is none, and make sure that only root
 * may write to it. 0, or -1 with a failure.
 */
int monitor_lock_prepare(struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Become the monitor: `fd` gets the descriptor that holds the lock until it is
 * closed. The lock is the process's; a child doesn't have it. With `wait`,
 * wait until the monitor before has left. 0; -EAGAIN if there is one; -EINTR
 * for a signal meanwhile; or another negative errno.
 */
int monitor_lock_take(bool wait, int *fd);

/* Whether the locked file still has its name: otherwise the lock keeps nobody out. */
bool monitor_lock_is_there(int fd);

/*
 * Write into the locked file, for the next monitor, when this one is to be killed for what it does now
 * (CLOCK_MONOTONIC, in milliseconds), or 0 when it has done that.
 */
void monitor_lock_note_deadline(int fd, uint64_t deadline);

/* Whether the monitor before was killed so: a machine may have let it wait. */
bool monitor_lock_tells_of_hang(int fd, uint64_t now);

/*
 * Whether there is a monitor, also one that is just starting. `pid` becomes its
 * pid, or 0 where that isn't known. 1, 0, or a negative errno: -EACCES for
 * anyone but root.
 */
int monitor_is_running(pid_t *pid);
