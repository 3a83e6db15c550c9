/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images as texts of JSON, for callers who take these: each of these is a work_function(). */
#pragma once

#include "tools/calls/image_work.h"

/* Whether what is in an image is told: not; or it is an error if that can't be read; or it isn't. */
enum image_metadata { IMAGE_METADATA_NO, IMAGE_METADATA_YES, IMAGE_METADATA_GRACEFUL };

struct image_describe_work {
	struct image_work image; /* its name, or NULL for all images; or what to clean */
	enum image_metadata metadata;
};

/*
 * Describe images, or clean the pool and tell what was removed. The result is a descriptor of a file: for each
 * image an object's text and a NUL.
 */
work_function image_describe_work, image_clean_describe_work;
