/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copying a tree of files on this host with owners as numbers, modes, times, attributes, ACLs, hard
 * links, holes, devices and sockets. Data is shared if the file system can do that.
 */
#pragma once

#include "base/failure.h"
#include "base/file_identity.h"
#include "base/notices.h"

#include <stdint.h>

/*
 * Called with each copied entry and the bytes of its contents. 0, or -1 with a failure, which ends
 * the copy.
 */
typedef int tree_copied(void *data, uint64_t bytes, struct failure *failure);

/* Gets reports of progress. All zero: nobody. */
struct tree_copy_watch {
	tree_copied *copied;
	void *data;
};

/*
 * Copy a directory's contents to an empty one, and then its attributes. Mounts and the directory
 * `left_out` become empty directories. Files that vanish meanwhile are left out. 0, or -1 with a
 * failure.
 */
int tree_copy(int from, int to, struct file_identity left_out, struct tree_copy_watch watch,
	      struct notices *notices, struct failure *failure)
	__attribute__((nonnull(6), warn_unused_result));
