/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks of images: the same that systemd-nspawn(1) and systemd-machined(8) take. An image has two,
 * because it may be on a disk that several hosts use: a file beside it, and one in /run, named by
 * its inode. A new name has a lock in /run, too. SYSTEMD_NSPAWN_LOCK=0 switches locks off, as with
 * systemd.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>

enum image_lock_mode {
	IMAGE_LOCK_SHARED,    /* shared: the image is read, and must not move */
	IMAGE_LOCK_EXCLUSIVE, /* exclusive: the image changes, or is removed */
};

/* One lock file. */
struct lock_file {
	int fd; /* or -1 */
	char *path;
	bool is_exclusive;
};

#define LOCK_FILE_NONE ((struct lock_file){ .fd = -1 })

struct image_lock {
	struct lock_file beside; /* ".#NAME.lck" in the image's directory */
	struct lock_file in_run; /* by its inode or device; or by a name */
};

#define IMAGE_LOCK_NONE ((struct image_lock){ LOCK_FILE_NONE, LOCK_FILE_NONE })

/*
 * Lock the image at an absolute path, without waiting. 0, or -1 with a failure: FAILURE_BUSY if
 * another process holds the lock. Release it afterwards.
 */
int image_lock(struct image_lock *lock, const char *path, enum image_lock_mode mode,
	       struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Lock the name of an image that will be made, renamed or removed, exclusively and without waiting. */
int image_lock_name(struct image_lock *lock, const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Release the lock, and remove its files. */
void image_unlock(struct image_lock *lock) __attribute__((nonnull));

/* In a child: the program that it executes has the lock as long as it or a child of it has its descriptors. */
void image_lock_pass_on(const struct image_lock *lock) __attribute__((nonnull));

/* In its parent: leave the lock to it. The files stay, for whoever locks the image next. */
void image_lock_leave(struct image_lock *lock) __attribute__((nonnull));
