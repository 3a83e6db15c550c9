/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/holes.h"

#include "base/write_at.h"

#include <errno.h>
#include <unistd.h>

/* The block size of most file systems. */
#define HOLE_SIZE 4096

bool extent_next(int fd, int64_t size, struct extent *extent)
{
	int64_t begin = lseek(fd, extent->end, SEEK_DATA), end;

	/* Nothing but a hole follows. */
	if (begin < 0 && errno == ENXIO)
		return false;
	/* A file system that knows no holes. */
	if (begin < 0)
		begin = extent->end;
	if (begin >= size)
		return false;
	end = lseek(fd, begin, SEEK_HOLE);
	*extent = (struct extent){ extent->end, begin, end < begin || end > size ? size : end };
	return true;
}

/* The length of the blocks at the beginning of the data that are zeros, or aren't. */
static size_t measure_run(const char *data, size_t size, int64_t offset, bool *is_hole)
{
	size_t length = 0;

	while (length < size) {
		size_t block = HOLE_SIZE - (size_t) ((offset + (int64_t) length) % HOLE_SIZE);
		bool zero;

		if (block > size - length)
			block = size - length;
		zero = bytes_are_zero(data + length, block);
		if (length == 0)
			*is_hole = zero;
		else if (*is_hole != zero)
			break;
		length += block;
	}
	return length;
}

int sparse_write(int fd, const char *data, size_t size, int64_t offset, uint64_t *written)
{
	while (size > 0) {
		bool is_hole = false;
		size_t run = measure_run(data, size, offset, &is_hole);
		int r = is_hole ? 0 : write_at(fd, data, run, (uint64_t) offset);

		if (r < 0)
			return r;
		*written += is_hole ? 0 : run;
		data += run;
		offset += (int64_t) run;
		size -= run;
	}
	return 0;
}
