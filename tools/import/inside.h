/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names that somebody else chose, as paths in a tree that nothing leads out of. */
#pragma once

#include "base/failure.h"

#include <limits.h>

/* A name as a path below the root: without ".", double "/" and "/" at the ends. "" is the root. */
int tree_path(const char *name, char path[static PATH_MAX], struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Open a path of the tree, whatever links there are in it. Returns a descriptor or a negative errno. */
int inside_open(int root, const char *path, int flags) __attribute__((nonnull));

/* The same for a directory, to work in it. */
int inside_open_directory(int root, const char *path) __attribute__((nonnull));
