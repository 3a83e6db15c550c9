/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The registry's directory, and the lock in it that one writer at a time has.
 * Part of the writing half. Functions return 0 or a negative errno.
 */
#pragma once

/*
 * Make the directory and those above it where they are missing, readable by
 * everyone. -ENOTDIR: not a directory, or a link; -EPERM: others can write
 * in it, and so could put another registry there.
 */
int registry_directory_make(const char *path);

/* Open the lock file at `path` into `fd`, closing the one that is there. */
int registry_lock_open(int *fd, const char *path);

/*
 * Take the lock of an open lock file, waiting at most ten seconds: -ETIMEDOUT.
 * `fd` is opened again if somebody has removed the file.
 */
int registry_lock_take(int *fd, const char *path);
