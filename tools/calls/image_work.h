/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at images, changing and reading them: each of these is a work_function(). */
#pragma once

#include "tools/calls/work.h"
#include "tools/images/image.h"

#include <limits.h>
#include <stdint.h>

/* A clone takes as long as it takes; the call ends with its client. */
#define IMAGE_WORK_MS	   INT_MAX
#define IMAGE_FILE_WORK_MS 30000

/* For looking at images, so that a caller gets an answer before it gives the call up. */
#define IMAGE_LOOK_MS 10000

enum image_change {
	IMAGE_CHANGE_REMOVE,
	IMAGE_CHANGE_RENAME,
	IMAGE_CHANGE_CLONE,
	IMAGE_CHANGE_MARK,  /* read-only, or writable */
	IMAGE_CHANGE_LIMIT, /* what it may take */
};

/* An image, and what is to become of it: each function takes what it needs. */
struct image_work {
	const char *name;
	enum image_change change;
	const char *new_name;
	bool read_only;
	uint64_t limit;			 /* IMAGE_UNKNOWN is none */
	bool sets_read_only, sets_limit; /* of an update, which of these it changes */
	bool all;			 /* of images to clean: not only hidden ones */
	const char *const
		*paths; /* of a file in the image: the first one that is there; NULL ends */
};

/* Make that change. */
work_function image_change_work;

/* Limit what all images together may take. */
work_function image_pool_limit_work;

/* Change its name, unless the new one is NULL, and what else is to be changed. */
work_function image_update_work;

/* Find the image of this name. 0, or -1 with a failure, FAILURE_NO_IMAGE in machined's words. */
int image_work_find(const struct image_work *work, struct arena *arena, struct image *image,
		    struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Open an image to look into it. A descriptor, or -1 with a failure: FAILURE_NOT_SUPPORTED for a disk. */
int image_root_open(const struct image *image, struct failure *failure) __attribute__((nonnull));

/* Cut the text of a file hostname(5) to the name. "" if it isn't ASCII, or has control bytes. */
char *image_hostname(char *text) __attribute__((nonnull));

/* Read the first of these files that is there; NULL ends. Its size, 0 if none is; or -1 with a failure. */
ssize_t image_root_read(int root, const char *const *paths, char *text, size_t size,
			struct failure *failure) __attribute__((nonnull));

/* The text of a file in the image; none if the image hasn't got it. */
work_function image_file_work;

/*
 * Remove what is hidden, or all. The result is a descriptor of a file: for each image that was
 * removed its name, a NUL, and the bytes that it took, a uint64_t.
 */
work_function image_clean_work;

/* Find the image, or all of them: the result is for image_records_read(). */
work_function image_find_work, image_list_work;

/* The size and the limit of the pool. The result's text is this structure. */
struct image_pool_quota {
	uint64_t usage, limit;
};
work_function image_pool_look_work;

/* Images that a child has found. */
struct image_records {
	char *bytes;
	size_t size, at;
};

/* Read what a child hands back. 0 or a negative errno. To be freed in either case. */
int image_records_read(struct image_records *records, const struct work_result *result)
	__attribute__((nonnull, warn_unused_result));

/* The next of them, good as long as the records. False behind the last. */
bool image_records_next(struct image_records *records, struct image *image)
	__attribute__((nonnull));

void image_records_done(struct image_records *records) __attribute__((nonnull));
