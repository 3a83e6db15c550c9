/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/directory_copy.h"

#include "base/file_identity.h"
#include "tools/images/image_pool.h"
#include "tools/images/subvolume.h"
#include "tools/images/subvolume_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int make_snapshot(int pool, const char *hidden, void *data)
{
	const int *source = data;
	int fd, r = subvolume_snapshot(*source, pool, hidden);

	if (r < 0)
		return r;
	fd = openat(pool, hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Whether a snapshot failed because the pool is on another file system, or isn't ours. */
static bool needs_copy(const struct failure *f)
{
	return f->error == -EXDEV || f->error == -ENOTTY || f->error == -EINVAL ||
	       f->error == -EPERM;
}

int image_draft_begin_copy(struct image_draft *draft, int pool, const char *name, bool replaces,
			   int source, struct tree_copy_watch watch, struct notices *notices,
			   struct failure *f)
{
	struct stat st, of_pool;

	/* The pool is a part of this host's root, so a copy with the pool would never end. */
	if (fstat(source, &st) < 0 || fstat(pool, &of_pool) < 0)
		return failure_errno(f, -errno, "cannot look at %s", IMAGE_POOL);
	if (is_subvolume(source, &st)) {
		if (image_draft_begin_with(draft, pool, name, IMAGE_SUBVOLUME, replaces,
					   make_snapshot, &source, f) == 0)
			return subvolume_snapshot_below(source, draft->fd,
							file_identity_of(&of_pool), f);
		if (!needs_copy(f))
			return -1;
	}
	if (image_draft_begin(draft, pool, name, IMAGE_DIRECTORY, replaces, f) < 0)
		return -1;
	return tree_copy(source, draft->fd, file_identity_of(&of_pool), watch, notices, f);
}
