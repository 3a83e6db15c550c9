/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks of images: those that systemd-nspawn(1) and systemd-machined(8) take, so that neither
 * side takes an image from under the other. An image has two, as it may be on a disk that
 * several hosts use: a file beside it, and one in /run by its inode. A name that is about to be
 * used has one in /run, too. As with them, SYSTEMD_NSPAWN_LOCK=0 switches locks off.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>

enum image_lock_mode {
	IMAGE_LOCK_SHARED,    /* the image is read, and stays where it is */
	IMAGE_LOCK_EXCLUSIVE, /* the image changes, or goes */
};

/* One file that is locked. */
struct lock_file {
	int fd; /* or -1 */
	char *path;
	bool is_exclusive;
};

#define LOCK_FILE_NONE ((struct lock_file){ .fd = -1 })

struct image_lock {
	struct lock_file beside; /* ".#NAME.lck" in the image's directory */
	struct lock_file in_run; /* of its inode or device; or of a name */
};

#define IMAGE_LOCK_NONE ((struct image_lock){ LOCK_FILE_NONE, LOCK_FILE_NONE })

/*
 * Lock the image at an absolute path, without waiting. 0, or -1 with a failure, FAILURE_BUSY if
 * another process holds it. To be released.
 */
int image_lock(struct image_lock *lock, const char *path, enum image_lock_mode mode,
	       struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Lock the name of an image that is to be, or shall stop to be, exclusively: the same way. */
int image_lock_name(struct image_lock *lock, const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Release what is locked. Its files are removed. */
void image_unlock(struct image_lock *lock) __attribute__((nonnull));
