/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading what others wrote, as a whole. The reader can't know how long it is,
 * whether it ends, or what kind of file it is.
 */
#pragma once

#include "base/arena.h"

/* Larger than anything that a runtime passes on or keeps. */
#define INPUT_SIZE_MAX (16 * 1024 * 1024)

/*
 * Read a descriptor to its end, at most INPUT_SIZE_MAX bytes, and for so many
 * milliseconds at most. The text is in the arena, with a NUL behind it. 0; -EFBIG
 * if there are more bytes; -ETIMEDOUT if it takes longer; or another negative
 * errno.
 */
int input_read(struct arena *arena, int fd, int milliseconds, char **text, size_t *size);

/*
 * Read a regular file of at most INPUT_SIZE_MAX bytes that somebody else wrote or
 * may replace: it is looked at before it is opened. -ENXIO for a device, a FIFO or
 * anything else that isn't a file; -EFBIG if it is larger; or another negative
 * errno.
 */
int input_read_file(struct arena *arena, const char *path, char **text, size_t *size);

/* The same, of at most `size_max` bytes. */
int input_read_file_up_to(struct arena *arena, const char *path, size_t size_max, char **text,
			  size_t *size);

/*
 * Read such a file that grows by lines at its end, however long it is: if it has more than
 * `size_max` bytes, its first line and, of its last so many bytes, all lines that are whole.
 */
int input_read_log_file(struct arena *arena, const char *path, size_t size_max, char **text,
			size_t *size);
