/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/image_work.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "host/machine_file.h"
#include "tools/images/image_change.h"
#include "tools/images/image_clone.h"
#include "tools/images/image_remove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* The other kind of what exists is a machine, and has another name on the bus. */
static int check(int r, struct failure *f)
{
	if (r < 0 && f->kind == FAILURE_EXISTS)
		f->error = -EEXIST;
	return r;
}

int image_remove_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;
	struct arena arena = { 0 };
	struct image image;

	(void) result;
	return image_find(&arena, work->name, &image, f) < 0 ? -1 : image_remove(&image, f);
}

int image_rename_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;
	struct arena arena = { 0 };
	struct image image;

	(void) result;
	if (image_find(&arena, work->name, &image, f) < 0)
		return -1;
	return check(image_rename(&image, work->new_name, f), f);
}

int image_clone_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;
	struct arena arena = { 0 };
	struct image image;

	(void) result;
	if (image_find(&arena, work->name, &image, f) < 0)
		return -1;
	return check(image_clone(&image, work->new_name, work->read_only, NULL, f), f);
}

int image_mark_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;
	struct arena arena = { 0 };
	struct image image;

	(void) result;
	if (image_find(&arena, work->name, &image, f) < 0)
		return -1;
	return image_set_read_only(&image, work->read_only, f);
}

int image_limit_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;
	struct arena arena = { 0 };
	struct image image;

	(void) result;
	if (image_find(&arena, work->name, &image, f) < 0)
		return -1;
	return image_set_limit(&image, work->limit, f);
}

int image_pool_limit_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;

	(void) result;
	return image_pool_set_limit(work->limit, f);
}

/* Files of an image are a stranger's: a link there leads nowhere but into the image. */
int image_file_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;
	struct arena arena = { 0 };
	CLEANUP_CLOSE int root = -1;
	struct image image;
	ssize_t n = -ENOENT;

	if (image_find(&arena, work->name, &image, f) < 0)
		return -1;
	if (image.kind != IMAGE_DIRECTORY && image.kind != IMAGE_SUBVOLUME)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "only images that are directories can be looked into");
	root = open(image.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return failure_errno(f, -errno, "cannot open %s", image.path);
	for (const char *const *path = work->paths; *path && n == -ENOENT; path++)
		n = machine_file_read(root, *path, result->text, sizeof result->text);
	if (n < 0 && n != -ENOENT)
		return failure_errno(f, (int) n, "cannot read %s in %s", work->paths[0],
				     image.path);
	result->size = n < 0 ? 0 : (size_t) n;
	return 0;
}

static void note_removed(void *data, const char *name, uint64_t usage)
{
	FILE *list = data;

	fwrite(name, strlen(name) + 1, 1, list);
	fwrite(&usage, sizeof usage, 1, list);
}

int image_clean_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;
	int fd = memfd_create("removed images", MFD_CLOEXEC);
	FILE *list = fd < 0 ? NULL : fdopen(fd, "w");

	if (!list)
		return failure_errno(f, -errno, "cannot make a list of images");
	if (image_clean(work->all, note_removed, list, NULL, f) < 0)
		return -1;
	if (fflush(list) != 0)
		return failure_errno(f, -errno, "cannot write the list of images");
	result->fd = fd;
	return 0;
}
