/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/image_change.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "tools/images/image_lock.h"
#include "tools/images/image_place.h"
#include "tools/images/image_pool.h"
#include "tools/images/image_read_only.h"
#include "tools/images/side_files.h"
#include "tools/images/subvolume.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int host_failure(struct failure *f)
{
	return failure_set(f, FAILURE_NOT_PERMITTED,
			   ".host is this host itself: it can be cloned, but not changed");
}

static int check_name_is_free(const char *name, struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct image other;
	char quoted[QUOTED_SIZE];

	if (image_find(&arena, name, &other, f) == 0)
		return failure_set(f, FAILURE_EXISTS, "there is an image '%s' already, %s",
				   quote(name, quoted), other.path);
	return f->kind == FAILURE_NO_IMAGE ? 0 : -1;
}

static int rename_file(const struct image_place *place, const struct image *image, const char *name)
{
	char file[NAME_MAX + 1];
	bool was_immutable;
	int r = 0;

	snprintf(file, sizeof file, "%s%s", name, image->kind == IMAGE_RAW ? ".raw" : "");
	was_immutable = image_place_make_movable(place);
	if (syscall(SYS_renameat2, place->directory, place->file, place->directory, file,
		    RENAME_NOREPLACE) < 0)
		r = -errno;
	if (was_immutable)
		image_place_make_immutable(
			&(struct image_place){ place->directory, r < 0 ? place->file : file });
	return r;
}

static int rename_at(const struct image_place *place, const struct image *image, const char *name,
		     struct failure *f)
{
	char quoted[QUOTED_SIZE];
	int r;

	/* The files have both names for a moment, so that neither image is without them if this is killed. */
	if (side_files_link(place->directory, image->name, name, f) < 0)
		return -1;
	r = rename_file(place, image, name);
	if (r < 0) {
		side_files_unlink(place->directory, image->name, name);
		return failure_errno(f, r, "cannot rename %s to '%s'", image->path,
				     quote(name, quoted));
	}
	return side_files_move(place->directory, image->name, name, f);
}

/*
 * Lock both names: once the image has its new one, another program could begin an image of the old
 * one, whose side files would be moved then.
 */
int image_rename(const struct image *image, const char *name, struct failure *f)
{
	CLEANUP(image_unlock) struct image_lock lock = IMAGE_LOCK_NONE;
	CLEANUP(image_unlock) struct image_lock old_name = IMAGE_LOCK_NONE;
	CLEANUP(image_unlock) struct image_lock new_name = IMAGE_LOCK_NONE;
	CLEANUP(image_place_close) struct image_place place = IMAGE_PLACE_NONE;

	if (image->is_host)
		return host_failure(f);
	if (image_name_check_new(name, image->kind, f) < 0 ||
	    image_place_open(&place, image, f) < 0 ||
	    image_lock(&lock, image->path, IMAGE_LOCK_EXCLUSIVE, f) < 0 ||
	    image_lock_name(&new_name, name, f) < 0 || check_name_is_free(name, f) < 0 ||
	    image_lock_name(&old_name, image->name, f) < 0)
		return -1;
	return rename_at(&place, image, name, f);
}

/* Open an image, whose path may be a link. */
static int open_image(const struct image *image, struct failure *f)
{
	int fd = open(image->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? failure_errno(f, -errno, "cannot open %s", image->path) : fd;
}

int image_set_read_only(const struct image *image, bool read_only, struct failure *f)
{
	CLEANUP(image_unlock) struct image_lock lock = IMAGE_LOCK_NONE;
	CLEANUP_CLOSE int fd = -1;
	int r;

	if (image->is_host)
		return host_failure(f);
	if (image_lock(&lock, image->path, IMAGE_LOCK_EXCLUSIVE, f) < 0)
		return -1;
	fd = open_image(image, f);
	if (fd < 0)
		return -1;
	r = image_fd_set_read_only(fd, image->kind, read_only);
	if (r == -ENOTTY || r == -EOPNOTSUPP)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "the file system of %s can't mark a directory read-only",
				   image->path);
	return r < 0 ? failure_errno(f, r, "cannot mark %s", image->path) : 0;
}

static int set_limit(int fd, const char *path, uint64_t bytes, struct failure *f)
{
	struct subvolume_quota quota;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return failure_errno(f, -errno, "cannot look at %s", path);
	if (!is_subvolume(fd, &st))
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s is not a subvolume of btrfs: only these have limits", path);
	/* Don't enable quotas here, because they make some hosts very slow. */
	r = subvolume_read_quota(fd, &quota);
	if (r == -ENOENT)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "quotas are off on the file system of %s: run 'btrfs quota "
				   "enable %s' to switch them on",
				   path, path);
	if (r == 0)
		r = subvolume_set_limit(fd, bytes);
	return r < 0 ? failure_errno(f, r, "cannot limit %s", path) : 0;
}

int image_set_limit(const struct image *image, uint64_t bytes, struct failure *f)
{
	CLEANUP_CLOSE int fd = -1;

	if (image->is_host)
		return host_failure(f);
	fd = open_image(image, f);
	return fd < 0 ? -1 : set_limit(fd, image->path, bytes, f);
}

int image_pool_set_limit(uint64_t bytes, struct failure *f)
{
	CLEANUP_CLOSE int fd = image_pool_open(f);

	return fd < 0 ? -1 : set_limit(fd, IMAGE_POOL, bytes, f);
}
