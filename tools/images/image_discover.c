/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/image.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/ending.h"
#include "base/quote.h"
#include "tools/images/image_pool.h"
#include "tools/images/image_read_only.h"
#include "tools/images/side_files.h"
#include "tools/images/subvolume.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* systemd's directories. An image in an earlier one hides images of its name in later ones. */
static const char *const search_path[] = {
	"/etc/machines",      "/run/machines",		 IMAGE_POOL,
	"/var/lib/container", "/usr/local/lib/machines", "/usr/lib/machines",
};

const char *image_kind_name(enum image_kind kind)
{
	static const char *const names[] = { "directory", "subvolume", "raw", "block" };

	return names[kind];
}

bool image_is_disk(const struct image *image)
{
	return image->kind == IMAGE_RAW || image->kind == IMAGE_BLOCK;
}

/* The image's name for a file's name, in the arena. NULL if it can't be an image. */
static const char *name_of_file(struct arena *arena, const char *file, mode_t mode)
{
	size_t stem;

	if (side_files_has(file))
		return NULL;
	if (S_ISDIR(mode) || S_ISBLK(mode))
		return arena_strdup(arena, file);
	stem = S_ISREG(mode) ? stem_length(file, ".raw") : 0;
	return stem ? arena_printf(arena, "%.*s", (int) stem, file) : NULL;
}

static uint64_t microseconds(struct statx_timestamp time)
{
	return (uint64_t) time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void read_times(struct image *image, int fd)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME | STATX_MTIME, &stx) < 0)
		return;
	if (stx.stx_mask & STATX_BTIME)
		image->created = microseconds(stx.stx_btime);
	if (image->kind == IMAGE_SUBVOLUME)
		subvolume_read_created(fd, &image->created);
	if (image->kind != IMAGE_BLOCK)
		image->modified = microseconds(stx.stx_mtime);
}

static void read_usage(struct image *image, int fd)
{
	struct subvolume_quota quota;
	uint64_t size;

	if (image->kind == IMAGE_RAW) {
		image->usage = image->usage_exclusive = (uint64_t) image->stat.st_blocks * 512;
		image->limit = image->limit_exclusive = (uint64_t) image->stat.st_size;
	} else if (image->kind == IMAGE_BLOCK && ioctl(fd, BLKGETSIZE64, &size) == 0) {
		image->usage = image->usage_exclusive = size;
		image->limit = image->limit_exclusive = size;
	} else if (image->kind == IMAGE_SUBVOLUME && subvolume_read_quota(fd, &quota) == 0) {
		image->usage = quota.referenced;
		image->usage_exclusive = quota.exclusive;
		image->limit = quota.referenced_limit;
		image->limit_exclusive = quota.exclusive_limit;
	}
}

static bool is_below_usr(const char *path)
{
	return strncmp(path, "/usr/", 5) == 0;
}

/* Read the facts about a file of a directory. Returns whether it is an image. */
static bool look(struct arena *arena, int directory, const char *path, const char *file,
		 struct image *image)
{
	struct image found = { .usage = IMAGE_UNKNOWN,
			       .limit = IMAGE_UNKNOWN,
			       .usage_exclusive = IMAGE_UNKNOWN,
			       .limit_exclusive = IMAGE_UNKNOWN };
	CLEANUP_CLOSE int fd = -1;
	struct stat st;

	/* Look at its type first: opening other kinds of files may block or have effects. */
	if (fstatat(directory, file, &st, 0) < 0 ||
	    !(found.name = name_of_file(arena, file, st.st_mode)) ||
	    !image_name_is_valid(found.name))
		return false;
	fd = openat(directory, file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &found.stat) < 0 ||
	    (found.stat.st_mode & S_IFMT) != (st.st_mode & S_IFMT))
		return false;
	found.path = arena_printf(arena, "%s/%s", path, file);
	found.kind = S_ISREG(st.st_mode)	     ? IMAGE_RAW
		     : S_ISBLK(st.st_mode)	     ? IMAGE_BLOCK
		     : is_subvolume(fd, &found.stat) ? IMAGE_SUBVOLUME
						     : IMAGE_DIRECTORY;
	found.is_read_only = is_below_usr(path) ||
			     image_fd_is_read_only(fd, found.kind, &found.stat);
	found.is_hidden = found.name[0] == '.';
	found.is_in_pool = strcmp(path, IMAGE_POOL) == 0;
	found.is_link = fstatat(directory, file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISLNK(st.st_mode);
	read_times(&found, fd);
	read_usage(&found, fd);
	*image = found;
	return true;
}

/* Open a directory of the search path: a descriptor; -ENOENT if there is none; a negative errno. */
static int open_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? (errno == ENOTDIR ? -ENOENT : -errno) : fd;
}

/* This host's own root directory. */
static bool look_at_host(struct arena *arena, struct image *image)
{
	CLEANUP_CLOSE int fd = open_directory("/");

	if (fd < 0)
		return false;
	*image = (struct image){ .name = ".host",
				 .path = "/",
				 .is_hidden = true,
				 .is_host = true,
				 .usage = IMAGE_UNKNOWN,
				 .limit = IMAGE_UNKNOWN,
				 .usage_exclusive = IMAGE_UNKNOWN,
				 .limit_exclusive = IMAGE_UNKNOWN };
	if (fstat(fd, &image->stat) < 0)
		return false;
	image->kind = is_subvolume(fd, &image->stat) ? IMAGE_SUBVOLUME : IMAGE_DIRECTORY;
	image->is_read_only = image_fd_is_read_only(fd, image->kind, &image->stat);
	read_times(image, fd);
	(void) arena;
	return true;
}

static int no_image(struct failure *f, const char *name)
{
	char quoted[QUOTED_SIZE];

	return failure_set(f, FAILURE_NO_IMAGE, "there is no image '%s'; see list-images",
			   quote(name, quoted));
}

int image_find(struct arena *arena, const char *name, struct image *image, struct failure *f)
{
	if (strcmp(name, ".host") == 0 && look_at_host(arena, image))
		return 0;
	if (image_name_check(name, f) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(search_path); i++) {
		CLEANUP_CLOSE int directory = open_directory(search_path[i]);

		if (directory == -ENOENT)
			continue;
		if (directory < 0)
			return failure_errno(f, directory, "cannot look for images in %s",
					     search_path[i]);
		/* "x.raw" is the name of a file "x.raw.raw", unless it is a directory. */
		if (look(arena, directory, search_path[i], name, image) &&
		    strcmp(image->name, name) == 0)
			return 0;
		if (look(arena, directory, search_path[i], arena_printf(arena, "%s.raw", name),
			 image) &&
		    strcmp(image->name, name) == 0)
			return 0;
	}
	return no_image(f, name);
}

struct listing {
	struct arena *arena;
	struct image *images;
	size_t count;
};

static bool is_listed(const struct listing *l, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(l->images[i].name, name) == 0)
			return true;
	return false;
}

static void list_add(struct listing *l, const struct image *image)
{
	l->images = arena_grow(l->arena, l->images, l->count, sizeof *l->images);
	l->images[l->count++] = *image;
}

/* If a directory and a raw file have the same name, the directory is the image. */
static void list_entry(struct listing *l, int directory, const char *path, const char *file,
		       size_t n_former)
{
	struct image image;

	if (strncmp(file, ".#", 2) == 0 || !look(l->arena, directory, path, file, &image) ||
	    is_listed(l, n_former, image.name))
		return;
	for (size_t i = n_former; i < l->count; i++)
		if (strcmp(l->images[i].name, image.name) == 0) {
			if (l->images[i].kind == IMAGE_RAW)
				l->images[i] = image;
			return;
		}
	list_add(l, &image);
}

static int list_directory(struct listing *l, const char *path, struct failure *f)
{
	int fd = open_directory(path);
	size_t n_former = l->count;
	struct dirent *entry;
	DIR *stream;

	if (fd == -ENOENT)
		return 0;
	stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream) {
		failure_errno(f, fd < 0 ? fd : -errno, "cannot list images in %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((entry = readdir(stream)))
		list_entry(l, fd, path, entry->d_name, n_former);
	closedir(stream);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct image *) a)->name, ((const struct image *) b)->name);
}

int image_list(struct arena *arena, struct image **images, size_t *count, struct failure *f)
{
	struct listing listing = { .arena = arena };
	struct image host;

	if (look_at_host(arena, &host))
		list_add(&listing, &host);
	for (size_t i = 0; i < ARRAY_SIZE(search_path); i++)
		if (list_directory(&listing, search_path[i], f) < 0)
			return -1;
	if (listing.count > 0)
		qsort(listing.images, listing.count, sizeof *listing.images, compare_names);
	*images = listing.images;
	*count = listing.count;
	return 0;
}
