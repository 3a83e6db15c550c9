/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing images. */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/images/image.h"

#include <stdbool.h>

/*
 * Remove an image with its side files. It loses its name first, in one step. Of one whose path
 * is a link, the link is removed. 0, or -1 with a failure, FAILURE_BUSY if it is in use.
 */
int image_remove(const struct image *image, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Called with each image that has been removed, and what it took. */
typedef void image_removed(void *data, const char *name, uint64_t usage_exclusive);

/*
 * Remove what killed programs have left in the pool, and hidden images or, if `all`, all of them;
 * those in use stay. 0, or -1 with a failure.
 */
int image_clean(bool all, image_removed *removed, void *data, struct notices *notices,
		struct failure *failure) __attribute__((nonnull(2, 5), warn_unused_result));

/* Remove what killed programs have left of one name, or of all if `name` is NULL. */
void image_remove_leftovers(int pool, const char *name, struct notices *notices);
