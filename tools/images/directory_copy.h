/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images that begin as a copy of a directory on this host. */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/images/image_draft.h"
#include "tools/images/tree_copy.h"

#include <stdbool.h>

/*
 * Begin a draft with the contents of an open directory: by snapshots if it is a subvolume of the
 * pool's file system, otherwise file by file, with reports to `watch`. The pool itself is left out.
 * 0, or -1 with a failure. End it with image_draft_done() in both cases.
 */
int image_draft_begin_copy(struct image_draft *draft, int pool, const char *name, bool replaces,
			   int source, struct tree_copy_watch watch, struct notices *notices,
			   struct failure *failure)
	__attribute__((nonnull(1, 3, 8), warn_unused_result));
