/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading what others wrote, whole, of which nothing is known beforehand: not
 * how long it is, nor whether it ends, nor what kind of file it is.
 */
#pragma once

#include "tools/arena.h"

/* More than the largest thing that a runtime hands over or keeps. */
#define INPUT_SIZE_MAX (16 * 1024 * 1024)

/*
 * Read a descriptor to its end, at most INPUT_SIZE_MAX bytes and so many
 * milliseconds. The text, in the arena, has a NUL behind it. 0; -EFBIG for
 * more; -ETIMEDOUT for longer; or another negative errno.
 */
int input_read(struct arena *arena, int fd, int milliseconds, char **text, size_t *size);

/* The same with a regular file: -ENXIO where it is something else. */
int input_read_file(struct arena *arena, const char *path, char **text, size_t *size);
