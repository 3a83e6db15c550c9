/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changing an image that is there. An image in use isn't changed: FAILURE_BUSY. */
#pragma once

#include "base/failure.h"
#include "tools/images/image.h"

#include <stdbool.h>
#include <stdint.h>

/* Give it another name, and its side files with it. 0, or -1 with a failure. */
int image_rename(const struct image *image, const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Mark it read-only, or writable. 0, or -1 with a failure. */
int image_set_read_only(const struct image *image, bool read_only, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Limit how many bytes it may take; IMAGE_UNKNOWN: no limit. Only a subvolume has one, and where
 * the administrator has switched quotas on. 0, or -1 with a failure.
 */
int image_set_limit(const struct image *image, uint64_t bytes, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* The same for all of the pool. */
int image_pool_set_limit(uint64_t bytes, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
