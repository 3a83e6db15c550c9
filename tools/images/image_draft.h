/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An image that is being made, under a hidden name in the pool. It gets its name when it is
 * complete. If its maker is killed before, existing images are unchanged, and image_clean() removes
 * the draft. Its maker locks it with flock(2).
 */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/images/image.h"
#include "tools/images/image_lock.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* A file that is made beside a draft, under a hidden name of the same form. */
struct image_draft_part {
	int fd;
	const char *ending; /* the side file's ending; NULL: it is removed at the end */
	char hidden[NAME_MAX + 1];
};

#define IMAGE_DRAFT_PARTS_MAX 10

struct image_draft {
	int pool; /* of the pool, borrowed */
	int fd;	  /* of the draft: a directory, or a file for reading and writing */
	enum image_kind kind;
	bool replaces; /* replace an existing image of this name: --force */
	char name[IMAGE_NAME_SIZE];
	char hidden[NAME_MAX + 1]; /* its name in the pool; empty if there is nothing to remove */
	struct image_lock lock;	   /* of the name */
	struct image_draft_part parts[IMAGE_DRAFT_PARTS_MAX];
	size_t n_parts;
};

#define IMAGE_DRAFT_NONE ((struct image_draft){ .pool = -1, .fd = -1, .lock = IMAGE_LOCK_NONE })

/*
 * Make the first state of a draft under a name in the pool. Returns its descriptor, which must not
 * be O_PATH, or a negative errno: -EEXIST if the name is taken.
 */
typedef int image_maker(int pool, const char *hidden, void *data);

/*
 * Begin an image: an empty directory with mode 0700, a subvolume if the pool's file system has
 * them, or for IMAGE_RAW an empty file with mode 0600. `kind` is IMAGE_DIRECTORY or IMAGE_RAW. 0,
 * or -1 with a failure: FAILURE_EXISTS if the name is taken and must not be replaced, FAILURE_BUSY
 * if the existing image is in use. End it with image_draft_done().
 */
int image_draft_begin(struct image_draft *draft, int pool, const char *name, enum image_kind kind,
		      bool replaces, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* The same, with a first state that `maker` makes. */
int image_draft_begin_with(struct image_draft *draft, int pool, const char *name,
			   enum image_kind kind, bool replaces, image_maker *maker, void *data,
			   struct failure *failure)
	__attribute__((nonnull(1, 3, 6, 8), warn_unused_result));

/*
 * Begin an empty file or directory beside the draft. If it has an ending, such as ".nspawn", it
 * gets the image's name and that ending together with the image, and replaces an existing file.
 * Returns a descriptor, which belongs to the draft, or -1 with a failure.
 */
int image_draft_add(struct image_draft *draft, enum image_kind kind, const char *ending,
		    struct failure *failure) __attribute__((nonnull(1, 4), warn_unused_result));

/*
 * Write the draft to the disk, and give it its name in one step. Then mark it read-only, if that
 * was asked for, and remove the image that it replaced. Failures after the renaming are warnings.
 * 0, or -1 with a failure, and it is still a draft.
 */
int image_draft_commit(struct image_draft *draft, bool read_only, struct notices *notices,
		       struct failure *failure) __attribute__((nonnull(1, 4), warn_unused_result));

/* Remove the draft if it has no name yet, and release its memory and descriptors. */
void image_draft_done(struct image_draft *draft) __attribute__((nonnull));
