/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The times of directories, which are set when nothing more is made in them. An archive chooses how
 * many there are and how long their paths are, so what they may take is limited. All zero is empty,
 * but for the limit.
 */
#pragma once

#include "base/failure.h"
#include "base/file_identity.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* A million directories with paths of 250 bytes. */
#define NOTED_BYTES_MAX ((uint64_t) 512 * 1024 * 1024)

struct noted_directory;

struct noted_directories {
	struct noted_directory *items; /* a hash table by identity */
	size_t count, size;	       /* the size is a power of two, or 0 */
	uint64_t bytes, bytes_max;     /* of memory; the second is the limit */
};

/*
 * Note a directory, or note other times of a directory that is there already. 0, or -1 with a
 * failure.
 */
int noted_directories_add(struct noted_directories *directories, const char *path,
			  struct file_identity identity, const struct timespec times[static 2],
			  struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Set the times of all directories in the root that are still what they were. 0 or a negative
 * errno.
 */
int noted_directories_set_times(const struct noted_directories *directories, int root)
	__attribute__((nonnull, warn_unused_result));

void noted_directories_done(struct noted_directories *directories) __attribute__((nonnull));
