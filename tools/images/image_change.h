/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changing an existing image. An image in use isn't changed: FAILURE_BUSY. */
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
 * Limit how many bytes it may take; IMAGE_UNKNOWN: no limit. Only subvolumes have limits, and only
 * if the administrator has enabled quotas. 0, or -1 with a failure.
 */
int image_set_limit(const struct image *image, uint64_t bytes, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* The same for the whole pool. */
int image_pool_set_limit(uint64_t bytes, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
