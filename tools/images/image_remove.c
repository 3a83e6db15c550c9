/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/image_remove.h"

#include "base/cleanup.h"
#include "base/file_identity.h"
#include "base/lines.h"
#include "base/mountinfo.h"
#include "base/proc_file.h"
#include "tools/images/hidden_name.h"
#include "tools/images/image_lock.h"
#include "tools/images/image_place.h"
#include "tools/images/image_pool.h"
#include "tools/images/side_files.h"
#include "tools/images/tree_remove.h"
#include "tools/images/tree_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Whether a path is this directory or below it. */
static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && (!path[length] || path[length] == '/');
}

/* Fail if something is mounted in the image, because the removal would stop half-way. */
static int check_mounts(const struct image *image, struct failure *f)
{
	CLEANUP_FREE char *real = realpath(image->path, NULL);
	CLEANUP_FREE char *text = file_read_text("/proc/self/mountinfo");

	if (!real || !text)
		return 0;
	for (char *line, *rest = text; (line = line_next(&rest));) {
		struct mount mount;

		if (mount_parse(line, &mount) && is_below(mount.point, real))
			return failure_set(f, FAILURE_BUSY,
					   "a file system is mounted at %s: unmount it first",
					   mount.point);
	}
	return 0;
}

static int check_removable(const struct image *image, struct failure *f)
{
	if (image->is_host)
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   ".host is this host itself, and can't be removed");
	return image->is_link || image->kind == IMAGE_BLOCK ? 0 : check_mounts(image, f);
}

/* Give the image a hidden name, which `hidden` becomes. */
static int hide(const struct image_place *place, const struct image *image, char *hidden,
		struct failure *f)
{
	bool was_immutable = image_place_make_movable(place);
	int r;

	hidden_name_make(hidden, image->name, HIDDEN_OLD);
	if (syscall(SYS_renameat2, place->directory, place->file, place->directory, hidden,
		    RENAME_NOREPLACE) == 0)
		return 0;
	r = -errno;
	if (was_immutable)
		image_place_make_immutable(place);
	return failure_errno(f, r, "cannot remove %s", image->path);
}

static int remove_at(const struct image_place *place, const struct image *image, struct failure *f)
{
	char hidden[NAME_MAX + 1];

	if (hide(place, image, hidden, f) < 0)
		return -1;
	/*
	 * Remove the contents last. If this is killed, image_clean() finds them, and removes the
	 * side files, too.
	 */
	if (side_files_remove(place->directory, image->name, f) < 0)
		return -1;
	if (tree_remove(place->directory, hidden, f) < 0)
		return failure_prefix(f,
				      "%s has lost its name, but not all of it is removed; "
				      "'mymachines clean' tries again",
				      image->path);
	return 0;
}

/*
 * Lock the name, too: as soon as the image has lost it, another program could begin an image of this
 * name, whose side files would be removed then.
 */
int image_remove(const struct image *image, struct failure *f)
{
	CLEANUP(image_unlock) struct image_lock lock = IMAGE_LOCK_NONE;
	CLEANUP(image_unlock) struct image_lock name = IMAGE_LOCK_NONE;
	CLEANUP(image_place_close) struct image_place place = IMAGE_PLACE_NONE;

	if (check_removable(image, f) < 0 || image_place_open(&place, image, f) < 0 ||
	    image_lock(&lock, image->path, IMAGE_LOCK_EXCLUSIVE, f) < 0 ||
	    image_lock_name(&name, image->name, f) < 0)
		return -1;
	return remove_at(&place, image, f);
}

/* Whether nobody uses it any more. If so, it is locked until `fd` is closed. */
static bool is_left_over(int pool, const char *file, int *fd)
{
	struct stat st;

	if (fstatat(pool, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	/* A link or a device can't be a draft: it is an image that was being removed. */
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return true;
	*fd = openat(pool, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return *fd >= 0 && flock(*fd, LOCK_EX | LOCK_NB) == 0;
}

/* Whether no image has this name, so that its side files aren't needed. */
static bool is_gone(const char *name)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct failure failure;
	struct image image;

	return image_find(&arena, name, &image, &failure) < 0 && failure.kind == FAILURE_NO_IMAGE;
}

static void remove_leftover(int pool, const char *file, enum hidden_kind kind, const char *name,
			    struct notices *notices)
{
	CLEANUP_CLOSE int fd = -1;
	struct failure failure = { 0 };

	if (!is_left_over(pool, file, &fd))
		return;
	if (kind == HIDDEN_OLD && is_gone(name) && side_files_remove(pool, name, &failure) < 0)
		notices_add_failure(notices, &failure);
	if (tree_remove(pool, file, &failure) < 0)
		notices_add_failure(notices, &failure);
}

/*
 * The same, with the name locked if side files go, too. If another program makes or removes an image
 * of this name, side files may be that image's: leave all to the next time.
 */
static void lock_and_remove_leftover(int pool, const char *file, enum hidden_kind kind,
				     const char *name, struct notices *notices)
{
	CLEANUP(image_unlock) struct image_lock lock = IMAGE_LOCK_NONE;
	struct failure failure = { 0 };

	if (kind != HIDDEN_OLD || image_lock_name(&lock, name, &failure) == 0)
		remove_leftover(pool, file, kind, name, notices);
	else if (failure.kind != FAILURE_BUSY)
		notices_add_failure(notices, &failure);
}

/* A lock file that nobody has locked. */
static void remove_lock(int pool, const char *file)
{
	CLEANUP_CLOSE int fd = openat(pool, file, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) == 0)
		unlinkat(pool, file, 0);
}

void image_remove_leftovers(int pool, const char *name, struct notices *notices)
{
	struct tree_walk walk;
	int error = tree_walk_begin(&walk, pool);

	if (error < 0)
		return;
	for (const char *file; (file = tree_walk_next(&walk, &error));) {
		char found[NAME_MAX + 1];
		enum hidden_kind kind = hidden_name_parse(file, found);

		if (kind == HIDDEN_OTHER || (name && strcmp(name, found) != 0))
			continue;
		if (name && kind != HIDDEN_LOCK)
			remove_leftover(pool, file, kind, found, notices);
		else if (!name && kind == HIDDEN_LOCK)
			remove_lock(pool, file);
		else if (!name)
			lock_and_remove_leftover(pool, file, kind, found, notices);
	}
	tree_walk_end(&walk);
}

static bool is_to_be_cleaned(const struct image *image, bool all)
{
	return !image->is_host && image->is_in_pool && (all || image->is_hidden);
}

/* Images in use stay without a message. If another one can't be removed, that is a warning. */
static bool clean_image(const struct image *image, image_removed *removed, void *data,
			struct notices *notices, struct failure *f)
{
	if (image_remove(image, f) == 0) {
		removed(data, image->name, image->usage_exclusive);
		return true;
	}
	if (f->kind != FAILURE_BUSY)
		notices_add_failure(notices, f);
	return f->kind == FAILURE_BUSY;
}

int image_clean(bool all, image_removed *removed, void *data, struct notices *notices,
		struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP_CLOSE int pool = image_pool_open(f);
	struct image *images;
	bool is_clean = true;
	size_t count;

	if (pool < 0 || image_list(&arena, &images, &count, f) < 0)
		return -1;
	image_remove_leftovers(pool, NULL, notices);
	for (size_t i = 0; i < count; i++)
		if (is_to_be_cleaned(&images[i], all))
			is_clean &= clean_image(&images[i], removed, data, notices, f);
	return is_clean ? 0 : failure_set(f, FAILURE_OTHER, "not all could be removed");
}
