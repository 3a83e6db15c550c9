/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An image on this host. Images are looked for in the same directories as by systemd-machined(8). */
#pragma once

#include "base/arena.h"
#include "base/failure.h"
#include "tools/images/image_name.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum image_kind {
	IMAGE_DIRECTORY,
	IMAGE_SUBVOLUME, /* of btrfs */
	IMAGE_RAW,	 /* a disk in a file NAME.raw */
	IMAGE_BLOCK,	 /* a block device */
};

#define IMAGE_UNKNOWN UINT64_MAX

struct image {
	const char *name;
	const char *path; /* absolute; not resolved if it is a link */
	enum image_kind kind;
	bool is_read_only;
	bool is_hidden; /* its name begins with a dot */
	bool is_host;	/* ".host", this host's own root directory */
	bool is_link;	/* the path is a symbolic link to what the image is */
	bool is_in_pool;
	struct stat stat;  /* device and inode of the file that the path leads to */
	uint64_t created;  /* microseconds since 1970, or 0 if not known */
	uint64_t modified; /* the same */
	/* Bytes, or IMAGE_UNKNOWN: in all, not shared with other images, and limits. */
	uint64_t usage, limit;
	uint64_t usage_exclusive, limit_exclusive;
};

/* "directory", "subvolume", "raw" or "block". */
const char *image_kind_name(enum image_kind kind) __attribute__((const));

/* Whether it is a disk, in a file or a device, and not a directory. */
bool image_is_disk(const struct image *image) __attribute__((nonnull, pure));

/*
 * Whether a new image of this kind may have this name. The name of a directory must not be one of a side file, such
 * as "web.nspawn": it would belong to the image "web". 0, or -1 with a failure.
 */
int image_name_check_new(const char *name, enum image_kind kind, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Find an image by name. All is in the arena. 0, or -1 with a failure, FAILURE_NO_IMAGE. */
int image_find(struct arena *arena, const char *name, struct image *image, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Find all images, by name in order of bytes, with ".host". 0, or -1 with a failure. */
int image_list(struct arena *arena, struct image **images, size_t *count, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
