/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/noted_directories.h"

#include "base/cleanup.h"
#include "tools/import/progress.h"
#include "tools/import/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_AT_FIRST 64

struct noted_directory {
	char *path; /* NULL: there is none here */
	struct file_identity identity;
	struct timespec times[2];
};

/*
 * Besides its path: the table is at least a quarter full, also while it is copied into one of twice
 * its size, and malloc(3) has bytes of its own.
 */
#define ITEM_SIZE (4 * sizeof(struct noted_directory) + 2 * sizeof(size_t))

/* Where an item is, or belongs. The table is never full. */
static struct noted_directory *find_place(struct noted_directory *items, size_t size,
					  struct file_identity identity)
{
	uint64_t hash =
		((uint64_t) identity.inode ^ (uint64_t) identity.device << 40) * 0x9e3779b97f4a7c15;
	size_t i = (size_t) (hash >> 32) & (size - 1);

	while (items[i].path && !file_identities_equal(items[i].identity, identity))
		i = (i + 1) & (size - 1);
	return &items[i];
}

static int grow(struct noted_directories *d)
{
	size_t size = d->size ? d->size * 2 : SIZE_AT_FIRST;
	struct noted_directory *items = calloc(size, sizeof *items);

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < d->size; i++)
		if (d->items[i].path)
			*find_place(items, size, d->items[i].identity) = d->items[i];
	free(d->items);
	d->items = items;
	d->size = size;
	return 0;
}

static uint64_t size_of(const char *path)
{
	return strlen(path) + 1 + ITEM_SIZE;
}

/* The same directory may come by another path, through a link; or its number was another's before. */
static int set_path(struct noted_directories *d, struct noted_directory *item, const char *path,
		    struct failure *f)
{
	uint64_t former = item->path ? size_of(item->path) : 0, size = size_of(path);
	char *copy, limit[BYTES_TEXT_SIZE];

	if (item->path && strcmp(item->path, path) == 0)
		return 0;
	if (d->bytes - former + size > d->bytes_max)
		return failure_set(f, FAILURE_INVALID,
				   "the names of the archive's directories take more memory than "
				   "%s, the limit",
				   bytes_format(d->bytes_max, limit));
	copy = strdup(path);
	if (!copy)
		return failure_errno(f, -ENOMEM, "cannot remember the directory");
	d->bytes += size - former;
	d->count += !item->path;
	free(item->path);
	item->path = copy;
	return 0;
}

int noted_directories_add(struct noted_directories *d, const char *path,
			  struct file_identity identity, const struct timespec times[static 2],
			  struct failure *f)
{
	struct noted_directory *item;

	if (d->count >= d->size / 2 && grow(d) < 0)
		return failure_errno(f, -ENOMEM, "cannot remember the directory");
	item = find_place(d->items, d->size, identity);
	if (set_path(d, item, path, f) < 0)
		return -1;
	item->identity = identity;
	memcpy(item->times, times, sizeof item->times);
	return 0;
}

/* Skip a directory that was replaced: the times are the new one's. */
static int set_times(int root, const struct noted_directory *directory)
{
	CLEANUP_CLOSE int fd =
		inside_open(root, directory->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 ||
	    !file_identities_equal(file_identity_of(&st), directory->identity))
		return 0;
	return futimens(fd, directory->times) < 0 ? -errno : 0;
}

int noted_directories_set_times(const struct noted_directories *d, int root)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->size; i++)
		if (d->items[i].path)
			r = set_times(root, &d->items[i]);
	return r;
}

void noted_directories_done(struct noted_directories *d)
{
	for (size_t i = 0; i < d->size; i++)
		free(d->items[i].path);
	free(d->items);
	*d = (struct noted_directories){ .bytes_max = d->bytes_max };
}
