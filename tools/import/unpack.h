/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unpacking an untrusted tar archive into an empty directory, in a process that has this directory
 * as its root (worker.h). tree_writer.h describes how names and links are handled.
 */
#pragma once

#include "tools/import/source.h"
#include "tools/import/tree_writer.h"

struct unpack_options {
	struct tree_limits limits;
	bool without_devices;
	bool with_selinux;
};

/* More than any system needs. */
#define UNPACK_BYTES_MAX   (UINT64_C(256) << 30)
#define UNPACK_ENTRIES_MAX UINT64_C(10000000)

/*
 * Unpack the archive from the descriptor `source`, compressed or not. `size` is its number of
 * bytes, or 0. `target` is a directory, not O_PATH. If the archive contains nothing but one
 * directory with an operating system, the target gets the contents of that directory. Bytes after
 * the archive are read and ignored. 0, or -1 with a failure; then the target contains a part of it.
 */
int unpack_tar(int source, uint64_t size, int target, const struct unpack_options *options,
	       struct progress *progress, struct progress_count *count, struct notices *notices,
	       struct failure *failure) __attribute__((nonnull(4, 5, 6, 8), warn_unused_result));

/* In the process that unpacks: add an entry to the tree, with its contents. 0, or -1 with a failure. */
int unpack_entry(struct tree_writer *tree, struct source *source, struct archive_entry *entry,
		 struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Set up a tree according to the options. */
void unpack_begin(struct tree_writer *tree, int root, const struct unpack_options *options,
		  struct worker_channel *channel) __attribute__((nonnull));
