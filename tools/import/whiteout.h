/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a layer of an OCI image hides files of the layers below it: an entry ".wh.NAME" hides NAME,
 * and ".wh..wh..opq" hides everything in its directory. Their position in the layer doesn't matter:
 * they never hide files of their own layer.
 */
#pragma once

#include "base/failure.h"

#include <limits.h>
#include <stdbool.h>

enum whiteout_kind { WHITEOUT_NONE, WHITEOUT_NAME, WHITEOUT_OPAQUE };

struct whiteout {
	enum whiteout_kind kind;
	char directory[PATH_MAX]; /* of the hidden file: a path below the root */
	char name[NAME_MAX + 1];  /* of WHITEOUT_NAME */
};

/*
 * Read what the name of an entry means. 0, or -1 with a failure if it begins like a whiteout but isn't
 * a known kind.
 */
int whiteout_parse(const char *name, struct whiteout *whiteout, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Hide it in a tree. Links in the path are followed inside the tree only. A missing file is no
 * failure. 0, or -1 with a failure.
 */
int whiteout_apply(const struct whiteout *whiteout, int root, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * A layer has a directory of this name. If the layers below have something else there, such as a link,
 * remove it, so that whiteouts in the directory don't follow the link. 0, or -1 with a failure.
 */
int whiteout_make_way(int root, const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
