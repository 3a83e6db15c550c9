/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The entries of an untrusted directory. */
#pragma once

#include <dirent.h>

struct tree_walk {
	DIR *stream;
	int fd; /* of the directory */
};

/*
 * Open a directory below this one that is neither a link nor a mount: -ENOTDIR, -ELOOP, -EXDEV.
 * A descriptor or a negative errno.
 */
int tree_walk_open(int directory, const char *name);

/* Begin with the first entry. 0 or a negative errno. To be ended. */
int tree_walk_begin(struct tree_walk *walk, int directory);

/* The next name except "." and "..". NULL at the end; `error` becomes a negative errno if it fails. */
const char *tree_walk_next(struct tree_walk *walk, int *error);

void tree_walk_end(struct tree_walk *walk);
