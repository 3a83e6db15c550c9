/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copying a tree of files on this host with all that belongs to it: owners as numbers, modes,
 * times, attributes, ACLs, hard links, holes, devices, sockets. Data is shared where the file
 * system can do that.
 */
#pragma once

#include "base/failure.h"
#include "base/file_identity.h"
#include "base/notices.h"

#include <stdint.h>

/*
 * Called with each entry that has been copied, and the bytes of its contents. 0, or -1 with a
 * failure, which ends the copying.
 */
typedef int tree_copied(void *data, uint64_t bytes, struct failure *failure);

/* Who is told how far it is. All zero is nobody. */
struct tree_copy_watch {
	tree_copied *copied;
	void *data;
};

/*
 * Copy all that is in a directory to an empty one, and then its attributes. Mounts aren't
 * entered, and nor is the directory `left_out`: they become empty directories. What vanishes
 * meanwhile is left out. 0, or -1 with a failure.
 */
int tree_copy(int from, int to, struct file_identity left_out, struct tree_copy_watch watch,
	      struct notices *notices, struct failure *failure)
	__attribute__((nonnull(6), warn_unused_result));
