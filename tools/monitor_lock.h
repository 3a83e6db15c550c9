/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* There is one monitor: whoever has a lock on a file in the registry's directory is it. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#define MONITOR_LOCK_PATH REGISTRY_DIRECTORY "/monitor.lock"

/*
 * Make the registry's directory, if there is none, and see that it is root's
 * alone. 0 or a negative errno, which it has said.
 */
int monitor_lock_prepare(void);

/*
 * Become the monitor: `fd`, which must be -1, gets the descriptor that holds
 * the lock until it is closed. The lock is the process's: a child doesn't have
 * it. With `wait`, until the one before has gone. 0; -EAGAIN if there is one;
 * -EINTR for a signal meanwhile; or another negative errno.
 */
int monitor_lock_take(bool wait, int *fd);

/* Whether the lock is still that on the file of this name: otherwise it excludes nobody. */
bool monitor_lock_is_there(int fd);

/*
 * Whether there is a monitor, also one that is just starting. `pid` becomes its
 * pid, or 0 where that isn't known. 1, 0, or a negative errno: -EACCES for
 * anyone but root.
 */
int monitor_is_running(pid_t *pid);
