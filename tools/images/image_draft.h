/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An image that is being made, in the pool under a hidden name. It gets its name when it is
 * whole. Killed before that, what was there is as it was, and image_clean() finds the rest: while
 * its maker lives, a draft is locked with flock(2).
 */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/images/image.h"
#include "tools/images/image_lock.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* What is made beside a draft, under a hidden name of the same form. */
struct image_draft_part {
	int fd;
	const char *ending; /* of the side file that it becomes; NULL: it is removed at the end */
	char hidden[NAME_MAX + 1];
};

#define IMAGE_DRAFT_PARTS_MAX 10

struct image_draft {
	int pool; /* of the pool, borrowed */
	int fd;	  /* of the draft: a directory, or a file for reading and writing */
	enum image_kind kind;
	bool replaces; /* an image of this name goes, if there is one: --force */
	char name[IMAGE_NAME_SIZE];
	char hidden[NAME_MAX + 1]; /* its name in the pool; empty if there is nothing to remove */
	struct image_lock lock;	   /* of the name */
	struct image_draft_part parts[IMAGE_DRAFT_PARTS_MAX];
	size_t n_parts;
};

#define IMAGE_DRAFT_NONE ((struct image_draft){ .pool = -1, .fd = -1, .lock = IMAGE_LOCK_NONE })

/*
 * Make what a draft begins with, under a name in the pool. Returns a descriptor of it, which may
 * not be O_PATH, or a negative errno: -EEXIST if the name is taken.
 */
typedef int image_maker(int pool, const char *hidden, void *data);

/*
 * Begin an image: an empty directory with mode 0700, a subvolume where the pool's file system has
 * them, or for IMAGE_RAW an empty file with mode 0600. `kind` is one of IMAGE_DIRECTORY and
 * IMAGE_RAW. 0, or -1 with a failure: FAILURE_EXISTS if there is an image of this name and it
 * isn't to be replaced, FAILURE_BUSY if it can't be because it is in use. To be ended with
 * image_draft_done().
 */
int image_draft_begin(struct image_draft *draft, int pool, const char *name, enum image_kind kind,
		      bool replaces, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* The same, begun by `maker`. */
int image_draft_begin_with(struct image_draft *draft, int pool, const char *name,
			   enum image_kind kind, bool replaces, image_maker *maker, void *data,
			   struct failure *failure)
	__attribute__((nonnull(1, 3, 6, 8), warn_unused_result));

/*
 * Begin an empty file or directory beside the draft. With an ending, such as ".nspawn", it gets the image's
 * name and that ending together with the image, and replaces what has this name. Returns a descriptor,
 * which stays the draft's, or -1 with a failure.
 */
int image_draft_add(struct image_draft *draft, enum image_kind kind, const char *ending,
		    struct failure *failure) __attribute__((nonnull(1, 4), warn_unused_result));

/*
 * Write the draft to the disk, and give it its name, in one step; then mark it read-only, if it
 * is to be. An image that it replaces is removed. If something fails after the naming, that is a
 * warning. 0, or -1 with a failure, and it is a draft still.
 */
int image_draft_commit(struct image_draft *draft, bool read_only, struct notices *notices,
		       struct failure *failure) __attribute__((nonnull(1, 4), warn_unused_result));

/* Remove a draft that has got no name, and release what it holds. */
void image_draft_done(struct image_draft *draft) __attribute__((nonnull));
