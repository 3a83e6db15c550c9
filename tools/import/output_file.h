/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file that is being written. It gets its name when it is complete; until then an existing file
 * of that name stays.
 */
#pragma once

#include "base/failure.h"

#include <limits.h>
#include <stdbool.h>

struct output_file {
	int fd;
	bool is_nameless;      /* it has no name yet */
	char hidden[PATH_MAX]; /* its name until then, where files can't be without one; or "" */
	const char *path;      /* borrowed */
};

#define OUTPUT_FILE_INIT ((struct output_file){ .fd = -1 })

/*
 * Begin a file with mode 0600. "-" is standard output, which must not be a terminal. If the name
 * belongs to something else than a regular file, such as a device, it is opened and written to. 0,
 * or -1 with a failure.
 */
int output_file_begin(struct output_file *file, const char *path, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Write it to the disk, and give it its name. 0, or -1 with a failure. */
int output_file_commit(struct output_file *file, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Close it. If it has no name yet, remove it. */
void output_file_done(struct output_file *file) __attribute__((nonnull));
