/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A copy of a mount of the host's that isn't attached anywhere yet: open_tree(2), mount_setattr(2). */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/enter/entrance.h"

#include <stdbool.h>
#include <sys/types.h>

struct mount_tree {
	int fd;
	mode_t type; /* of its root */
};

/*
 * Copy what is at a path of the host's, with the mounts below it. In a machine with a user
 * namespace, files keep the numbers of their owners; where the file system can't do
 * that, all files belong to nobody there, which is a warning. 0, or -1 with a failure. Close the
 * descriptor in either case.
 */
int mount_tree_open(struct mount_tree *tree, const char *path, bool is_read_only,
		    const struct entrance *entrance, struct notices *notices,
		    struct failure *failure) __attribute__((warn_unused_result));

/*
 * For a child: a copy that the machine's root can't change, and enter the user namespace
 * `owner` on the way. A descriptor, or a negative errno.
 */
int mount_tree_lock(const struct mount_tree *tree, int owner);

/* Attach it at a path in a directory, or on `directory` itself if the path is empty. 0 or a negative errno. */
int mount_tree_attach(int tree, int directory, const char *path);

/* Make an empty file, or a directory if the type is that. 0 or a negative errno. */
int mount_point_make(int directory, const char *name, mode_t type);
