/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A lock on a file by which one process shows what it is. A record lock, because it can be
 * asked about without being taken. Whoever asked about a lock of flock(2) would hold it, and
 * keep a starting process out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * `fd` becomes the descriptor that holds the lock until it is closed. The lock is the
 * process's; a child doesn't have it. With `wait`, wait until the process before has let go
 * of it. 0; -EAGAIN if there is one; -EINTR for a signal meanwhile; or another negative errno.
 */
int record_lock_take(const char *path, bool wait, int *fd)
	__attribute__((nonnull, warn_unused_result));

/*
 * The same of one of many locks in a file, each with a number that off_t holds, waiting for it. If
 * a process has several, all end when one of their descriptors is closed.
 */
int record_lock_take_one(const char *path, uint64_t number, int *fd)
	__attribute__((nonnull, warn_unused_result));

/*
 * Whether a process has the lock. `pid` becomes its pid, or 0 where that isn't known. 1, 0, or
 * a negative errno: -EACCES for anyone but root.
 */
int record_lock_is_held(const char *path, pid_t *pid) __attribute__((nonnull, warn_unused_result));
