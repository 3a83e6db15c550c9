/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies of images. */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/images/image.h"
#include "tools/images/image_draft.h"

#include <stdbool.h>

/*
 * Make a copy of an image in the pool, in the cheapest way that the file system has: a snapshot
 * of a subvolume, shared blocks, or a copy of what isn't a hole; a device becomes a raw file. Its
 * settings and hashes are copied with it. An image in use may be cloned, with a warning where the
 * copy isn't of one moment. 0, or -1 with a failure, FAILURE_EXISTS if there is one of this name.
 */
int image_clone(const struct image *image, const char *name, bool read_only,
		struct notices *notices, struct failure *failure)
	__attribute__((nonnull(1, 2, 5), warn_unused_result));

/*
 * Begin a draft as such a copy, without settings and hashes. 0, or -1 with a failure. To be ended with
 * image_draft_done() in either case.
 */
int image_draft_begin_clone(struct image_draft *draft, int pool, const struct image *image,
			    const char *name, bool replaces, struct notices *notices,
			    struct failure *failure)
	__attribute__((nonnull(1, 3, 4, 7), warn_unused_result));
