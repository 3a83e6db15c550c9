/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/image_clone.h"

#include "base/cleanup.h"
#include "base/file_identity.h"
#include "tools/images/directory_copy.h"
#include "tools/images/file_copy.h"
#include "tools/images/file_flags.h"
#include "tools/images/image_draft.h"
#include "tools/images/image_lock.h"
#include "tools/images/image_place.h"
#include "tools/images/image_pool.h"
#include "tools/images/side_files.h"
#include "tools/images/subvolume.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * Lock the image, so that nobody removes or renames it meanwhile. If it is in use, its user's lock
 * does that, but the user may write to it.
 */
static int lock_source(struct image_lock *lock, const struct image *image, bool at_once,
		       struct notices *notices, struct failure *f)
{
	*lock = IMAGE_LOCK_NONE;
	/* This host's own root has no lock. */
	if (image->is_host || image_lock(lock, image->path, IMAGE_LOCK_SHARED, f) == 0)
		return 0;
	if (f->kind != FAILURE_BUSY)
		return -1;
	if (!at_once)
		notices_add(
			notices, NOTICE_WARNING,
			"%s is in use: files that change meanwhile may be missing or incomplete "
			"in the copy",
			image->path);
	return 0;
}

static int open_source(const struct image *image, struct failure *f)
{
	int fd = open(image->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && is_same_file(&st, &image->stat))
		return fd;
	if (fd >= 0)
		close(fd);
	return failure_errno(f, fd < 0 ? -errno : -ESTALE, "cannot open %s", image->path);
}

static int copy_disk(const struct image_draft *draft, const struct image *image, int source,
		     struct failure *f)
{
	uint64_t size = (uint64_t) image->stat.st_size;
	unsigned int flags = 0;
	int r;

	if (image->kind == IMAGE_BLOCK && ioctl(source, BLKGETSIZE64, &size) < 0)
		return failure_errno(f, -errno, "cannot read the size of %s", image->path);
	/* Files can share blocks only if both have this flag, or neither. */
	if (file_flags_read(source, &flags) == 0 && flags & FS_NOCOW_FL)
		file_flags_change(draft->fd, FS_NOCOW_FL, flags);
	r = image->kind == IMAGE_BLOCK ? file_copy_nonzero(source, draft->fd, size)
				       : file_copy(source, draft->fd, size);
	if (r < 0)
		return failure_errno(f, r, "cannot copy %s", image->path);
	/* Copy the mode, except for the read-only mark, which `read_only` gives. */
	if (image->kind == IMAGE_RAW && fchmod(draft->fd, (image->stat.st_mode & 0777) | 0200) < 0)
		return failure_errno(f, -errno, "cannot set the mode of the copy");
	return 0;
}

/* Make the contents of the draft. 0, or -1 with a failure. */
static int make_copy(struct image_draft *draft, int pool, const struct image *image, int source,
		     const char *name, bool replaces, struct notices *notices, struct failure *f)
{
	if (!image_is_disk(image))
		return image_draft_begin_copy(draft, pool, name, replaces, source,
					      (struct tree_copy_watch){ 0 }, notices, f);
	if (image_draft_begin(draft, pool, name, IMAGE_RAW, replaces, f) < 0)
		return -1;
	return copy_disk(draft, image, source, f);
}

static int copy_side_files(const struct image *image, int pool, const char *name,
			   struct notices *notices, struct failure *f)
{
	struct image_place place = IMAGE_PLACE_NONE;
	int r;

	if (image->is_host)
		return 0;
	if (image_place_open(&place, image, f) < 0)
		return -1;
	r = side_files_copy(place.directory, image->name, pool, name, notices, f);
	image_place_close(&place);
	return r;
}

static int clone_from(const struct image *image, int source, int pool, const char *name,
		      bool read_only, struct notices *notices, struct failure *f)
{
	CLEANUP(image_draft_done) struct image_draft draft = IMAGE_DRAFT_NONE;

	if (make_copy(&draft, pool, image, source, name, false, notices, f) < 0)
		return -1;
	/* Copy settings before the image gets its name, so that it never is without them. */
	if (copy_side_files(image, pool, name, notices, f) < 0)
		return -1;
	return image_draft_commit(&draft, read_only, notices, f);
}

/*
 * Whether a copy shows one moment. It doesn't if the image has subvolumes, whose snapshots are made
 * one by one.
 */
static bool is_at_once(const struct image *image, int source)
{
	return image->kind == IMAGE_SUBVOLUME && !subvolume_has_others(source);
}

int image_draft_begin_clone(struct image_draft *draft, int pool, const struct image *image,
			    const char *name, bool replaces, struct notices *notices,
			    struct failure *f)
{
	CLEANUP(image_unlock) struct image_lock lock = IMAGE_LOCK_NONE;
	CLEANUP_CLOSE int source = open_source(image, f);

	*draft = IMAGE_DRAFT_NONE;
	if (source < 0 || lock_source(&lock, image, is_at_once(image, source), notices, f) < 0)
		return -1;
	return make_copy(draft, pool, image, source, name, replaces, notices, f);
}

int image_clone(const struct image *image, const char *name, bool read_only,
		struct notices *notices, struct failure *f)
{
	CLEANUP(image_unlock) struct image_lock lock = IMAGE_LOCK_NONE;
	CLEANUP_CLOSE int source = -1, pool = -1;

	if (image_name_check(name, f) < 0)
		return -1;
	pool = image_pool_open(f);
	if (pool < 0)
		return -1;
	source = open_source(image, f);
	if (source < 0 || lock_source(&lock, image, is_at_once(image, source), notices, f) < 0)
		return -1;
	return clone_from(image, source, pool, name, read_only, notices, f);
}
