/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names from untrusted sources, as paths in a tree. No name leads out of the tree. */
#pragma once

#include "base/failure.h"

#include <limits.h>

/* Turn a name into a path below the root: without ".", double "/" and "/" at the ends. "" is the root. */
int tree_path(const char *name, char path[static PATH_MAX], struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Open a path of the tree. Links in it are followed inside the tree only. Returns a descriptor or a
 * negative errno.
 */
int inside_open(int root, const char *path, int flags) __attribute__((nonnull));

/* The same for a directory, to work in it. */
int inside_open_directory(int root, const char *path) __attribute__((nonnull));
