/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The identity of a file or of a namespace, namespaces(7). In a header, because plug-ins use it. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct file_identity {
	dev_t device;
	ino_t inode;
};

static inline struct file_identity file_identity_of(const struct stat *st)
{
	return (struct file_identity){ st->st_dev, st->st_ino };
}

/*
 * Read that of a path, or of the descriptor `directory` itself if the path is empty. Doesn't ask
 * the server of a network file system or FUSE, which might not answer. 0 or a negative errno.
 */
static inline int file_identity_read(int directory, const char *path,
				     struct file_identity *identity)
{
	struct statx stx;

	*identity = (struct file_identity){ 0 };
	if (statx(directory, path, AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &stx) < 0)
		return -errno;
	*identity = (struct file_identity){ makedev(stx.stx_dev_major, stx.stx_dev_minor),
					    (ino_t) stx.stx_ino };
	return 0;
}

static inline bool file_identities_equal(struct file_identity a, struct file_identity b)
{
	return a.inode == b.inode && a.device == b.device;
}

static inline bool is_same_file(const struct stat *a, const struct stat *b)
{
	return file_identities_equal(file_identity_of(a), file_identity_of(b));
}
