/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files with holes: finding them, and writing none of the zeros. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of a file that has data, and the hole in front of it. All zero before the first one. */
struct extent {
	int64_t hole, begin, end;
};

/* The next one in a file of this size. false behind the last one; `extent` stays. */
bool extent_next(int fd, int64_t size, struct extent *extent) __attribute__((nonnull));

/* Write bytes at an offset of a new file, but leave out blocks of zeros. 0 or a negative errno. */
int sparse_write(int fd, const char *data, size_t size, int64_t offset, uint64_t *written)
	__attribute__((nonnull));
