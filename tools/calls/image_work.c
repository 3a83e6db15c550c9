/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/image_work.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/quote.h"
#include "host/machine_file.h"
#include "tools/images/image_change.h"
#include "tools/images/image_clone.h"
#include "tools/images/image_pool.h"
#include "tools/images/image_remove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The other kind of what exists is a machine, and has another name on the bus. */
static int check(int r, struct failure *f)
{
	if (r < 0 && f->kind == FAILURE_EXISTS)
		f->error = -EEXIST;
	return r;
}

/* In machined's words: all edges say these. */
int image_work_find(const struct image_work *work, struct arena *arena, struct image *image,
		    struct failure *f)
{
	char quoted[QUOTED_SIZE];

	if (image_find(arena, work->name, image, f) == 0)
		return 0;
	return f->kind == FAILURE_NO_IMAGE || f->kind == FAILURE_INVALID
		       ? failure_set(f, FAILURE_NO_IMAGE, "No image '%s' known",
				     quote(work->name, quoted))
		       : -1;
}

/* The one that has this name. */
static int change_image(const struct image_work *work, const char *name, enum image_change change,
			struct failure *f)
{
	struct image_work named = { .name = name };
	struct arena arena = { 0 };
	struct image image;

	if (image_work_find(&named, &arena, &image, f) < 0)
		return -1;
	switch (change) {
	case IMAGE_CHANGE_REMOVE: return image_remove(&image, f);
	case IMAGE_CHANGE_RENAME: return check(image_rename(&image, work->new_name, f), f);
	case IMAGE_CHANGE_CLONE:
		return check(image_clone(&image, work->new_name, work->read_only, NULL, f), f);
	case IMAGE_CHANGE_MARK: return image_set_read_only(&image, work->read_only, f);
	case IMAGE_CHANGE_LIMIT: return image_set_limit(&image, work->limit, f);
	}
	return failure_set(f, FAILURE_INVALID, "unknown change of an image");
}

int image_change_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;

	(void) result;
	return change_image(work, work->name, work->change, f);
}

/* The new name first: of all that can't be done, a name that is taken is the likeliest. */
int image_update_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;
	const char *name = work->new_name ?: work->name;

	(void) result;
	if (work->new_name && change_image(work, work->name, IMAGE_CHANGE_RENAME, f) < 0)
		return -1;
	if (work->sets_read_only && change_image(work, name, IMAGE_CHANGE_MARK, f) < 0)
		return -1;
	return work->sets_limit ? change_image(work, name, IMAGE_CHANGE_LIMIT, f) : 0;
}

int image_pool_limit_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;

	(void) result;
	return image_pool_set_limit(work->limit, f);
}

int image_root_open(const struct image *image, struct failure *f)
{
	int root;

	if (image->kind != IMAGE_DIRECTORY && image->kind != IMAGE_SUBVOLUME)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "only images that are directories can be looked into");
	root = open(image->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? failure_errno(f, -errno, "cannot open %s", image->path) : root;
}

/* Files of an image are a stranger's: a link there leads nowhere but into the image. */
ssize_t image_root_read(int root, const char *const *paths, char *text, size_t size,
			struct failure *f)
{
	ssize_t n = -ENOENT;

	for (const char *const *path = paths; *path && n == -ENOENT; path++)
		n = machine_file_read(root, *path, text, size);
	if (n < 0 && n != -ENOENT)
		return failure_errno(f, (int) n, "cannot read %s in the image", paths[0]);
	return n < 0 ? 0 : n;
}

char *image_hostname(char *text)
{
	text[strcspn(text, "\n")] = '\0';
	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c > '~')
			*text = '\0';
	return text;
}

int image_file_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;
	struct arena arena = { 0 };
	CLEANUP_CLOSE int root = -1;
	struct image image;
	ssize_t n;

	if (image_work_find(work, &arena, &image, f) < 0 || (root = image_root_open(&image, f)) < 0)
		return -1;
	n = image_root_read(root, work->paths, result->text, sizeof result->text, f);
	if (n < 0)
		return -1;
	result->size = (size_t) n;
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
	FILE *list = work_result_begin(result, f);

	if (!list || image_clean(work->all, note_removed, list, NULL, f) < 0)
		return -1;
	return work_result_end(list, f);
}

/* The texts follow what points to them. */
static void write_image(FILE *list, const struct image *image)
{
	fwrite(image, sizeof *image, 1, list);
	fwrite(image->name, strlen(image->name) + 1, 1, list);
	fwrite(image->path, strlen(image->path) + 1, 1, list);
}

int image_find_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct image_work *work = argument;
	struct arena arena = { 0 };
	struct image image;
	FILE *list;

	if (image_work_find(work, &arena, &image, f) < 0 || !(list = work_result_begin(result, f)))
		return -1;
	write_image(list, &image);
	return work_result_end(list, f);
}

int image_list_work(const void *argument, struct work_result *result, struct failure *f)
{
	struct arena arena = { 0 };
	struct image *images;
	size_t count;
	FILE *list;

	(void) argument;
	if (image_list(&arena, &images, &count, f) < 0 || !(list = work_result_begin(result, f)))
		return -1;
	for (size_t i = 0; i < count; i++)
		write_image(list, &images[i]);
	return work_result_end(list, f);
}

int image_pool_look_work(const void *argument, struct work_result *result, struct failure *f)
{
	struct image_pool_quota quota;

	(void) argument, (void) f;
	image_pool_read_quota(&quota.usage, &quota.limit);
	memcpy(result->text, &quota, sizeof quota);
	result->size = sizeof quota;
	return 0;
}

int image_records_read(struct image_records *records, const struct work_result *result)
{
	int error = 0;

	*records = (struct image_records){ 0 };
	records->bytes = work_result_bytes(result, &records->size, &error);
	return error;
}

/* The text at this place, which moves behind it. NULL if none is there. */
static const char *next_text(struct image_records *records)
{
	const char *text = records->bytes + records->at;
	size_t left = records->size - records->at, length = strnlen(text, left);

	if (length == left)
		return NULL;
	records->at += length + 1;
	return text;
}

bool image_records_next(struct image_records *records, struct image *image)
{
	if (records->size - records->at < sizeof *image)
		return false;
	memcpy(image, records->bytes + records->at, sizeof *image);
	records->at += sizeof *image;
	image->name = next_text(records);
	image->path = image->name ? next_text(records) : NULL;
	return image->path;
}

void image_records_done(struct image_records *records)
{
	free(records->bytes);
}
