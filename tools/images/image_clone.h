/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies of images. */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/images/image.h"
#include "tools/images/image_draft.h"

#include <stdbool.h>

/*
 * Copy an image into the pool, in the cheapest way that the file system has: a snapshot of a
 * subvolume, shared blocks, or a copy without the holes. A device becomes a raw file. Settings and
 * hashes are copied, too. An image in use can be cloned, with a warning if the copy doesn't show
 * one moment. 0, or -1 with a failure: FAILURE_EXISTS if the name is taken.
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
