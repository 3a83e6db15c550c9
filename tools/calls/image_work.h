/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changing and reading images: each of these is a work_function(). */
#pragma once

#include "tools/calls/work.h"

#include <limits.h>
#include <stdint.h>

/* A clone takes as long as it takes; the call ends with its client. */
#define IMAGE_WORK_MS	   INT_MAX
#define IMAGE_FILE_WORK_MS 30000

/* An image, and what is to become of it: each function takes what it needs. */
struct image_work {
	const char *name;
	const char *new_name;
	bool read_only;
	uint64_t limit; /* IMAGE_UNKNOWN is none */
	bool all;	/* of images to clean: not only hidden ones */
	const char *const
		*paths; /* of a file in the image: the first one that is there; NULL ends */
};

work_function image_remove_work, image_rename_work, image_clone_work, image_mark_work;
work_function image_limit_work, image_pool_limit_work;

/* The text of a file in the image; none if the image hasn't got it. */
work_function image_file_work;

/*
 * Remove what is hidden, or all. The result is a descriptor of a file: for each image that was
 * removed its name, a NUL, and the bytes that it took, a uint64_t.
 */
work_function image_clean_work;
