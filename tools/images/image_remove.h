/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing images. */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/images/image.h"

#include <stdbool.h>

/*
 * Remove an image with its side files. It first loses its name, in one step. If its path is a link,
 * only the link is removed. 0, or -1 with a failure: FAILURE_BUSY if it is in use.
 */
int image_remove(const struct image *image, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Called with each removed image and its size. */
typedef void image_removed(void *data, const char *name, uint64_t usage_exclusive);

/*
 * Remove the files that killed programs have left in the pool, and hidden images or, if `all`, all
 * images. Images in use stay. 0, or -1 with a failure.
 */
int image_clean(bool all, image_removed *removed, void *data, struct notices *notices,
		struct failure *failure) __attribute__((nonnull(2, 5), warn_unused_result));

/*
 * Remove the files that killed programs have left for one image's name, which the caller has locked,
 * or for all names if it is NULL.
 */
void image_remove_leftovers(int pool, const char *name, struct notices *notices);
