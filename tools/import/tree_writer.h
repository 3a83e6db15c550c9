/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tree of files that grows by entries whose names somebody else chose. For tar archives, and
 * for layers of OCI images, where entries change what is there:
 * - A name with ".." in it is refused; one that begins with "/" begins in the tree.
 * - Links on the way to an entry are followed inside the tree, as a process would that has it for
 *   its root directory. Directories that are missing on the way are made.
 * - The last component is never followed: what has this name is replaced; only a directory stays
 *   for a directory.
 * - Devices are made, and never opened.
 *
 * To be used in a process that has the tree for its root directory, and changes its working
 * directory as it likes.
 */
#pragma once

#include "base/failure.h"
#include "tools/import/attributes.h"
#include "tools/import/noted_directories.h"
#include "tools/import/worker.h"

#include <archive_entry.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tree_limits {
	uint64_t bytes;	  /* the limit of all contents, in bytes */
	uint64_t entries; /* the limit of their number */
};

struct tree_writer {
	int root;
	struct worker_channel *channel; /* its count of bytes and entries is updated */
	struct tree_limits limits;
	bool without_devices;
	uint64_t devices; /* devices that were left out */
	struct attribute_losses losses;
	/* The directory in which the last entry was made. */
	int parent; /* or -1 */
	char parent_path[PATH_MAX];
	bool parent_is_stale; /* its path may lead to another directory by now */
	bool parent_has_acl;  /* that files inherit */
	/* Directories, whose times are set at the end. */
	struct noted_directories directories;
};

#define TREE_WRITER_INIT                                                                           \
	((struct tree_writer){                                                                     \
		.root = -1, .parent = -1, .directories = { .bytes_max = NOTED_BYTES_MAX } })

/*
 * Make an entry, and replace an existing one of its name. Returns a descriptor for the contents of
 * a regular file, which the caller writes by tree_write() and closes by tree_file_done();
 * TREE_NO_CONTENTS for others; or -1 with a failure that names the entry.
 */
#define TREE_NO_CONTENTS (-2)
int tree_add(struct tree_writer *tree, struct archive_entry *entry, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Write contents at an offset. 0, or -1 with a failure. */
int tree_write(struct tree_writer *tree, int fd, const void *data, size_t size, int64_t offset,
	       struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Give a regular file its size and attributes, and close it, also after a failure. 0, or -1 with
 * a failure.
 */
int tree_file_done(struct tree_writer *tree, int fd, struct archive_entry *entry,
		   struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* At the end: set the times of directories, and report what was lost. 0, or -1 with a failure. */
int tree_finish(struct tree_writer *tree, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Release memory and descriptors. The tree stays. */
void tree_writer_done(struct tree_writer *tree) __attribute__((nonnull));
