/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/sparse.h"

#include "base/cleanup.h"
#include "base/write_at.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BLOCK_SIZE_SPARSE 4096
#define BUFFER_SIZE	  (256 * 1024)

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
		size_t block = BLOCK_SIZE_SPARSE -
			       (size_t) ((offset + (int64_t) length) % BLOCK_SIZE_SPARSE);
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

static int copy_extent(int from, const struct extent *extent, int to, char *buffer,
		       struct worker_channel *channel, struct failure *f)
{
	int64_t offset = extent->begin;

	while (offset < extent->end) {
		int64_t left = extent->end - offset;
		ssize_t n = pread(from, buffer, left < BUFFER_SIZE ? (size_t) left : BUFFER_SIZE,
				  offset);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failure_errno(f, -errno, "cannot read");
		if (n == 0)
			return failure_set(f, FAILURE_BUSY, "it became shorter meanwhile");
		r = sparse_write(to, buffer, (size_t) n, offset, &channel->count.written);
		if (r < 0)
			return failure_errno(f, r, "cannot write");
		offset += n;
		channel->count.done = (uint64_t) offset;
		worker_report_progress(channel);
	}
	return 0;
}

int sparse_copy(int from, int64_t size, int to, struct worker_channel *channel, struct failure *f)
{
	CLEANUP_FREE char *buffer = malloc(BUFFER_SIZE);
	struct extent extent = { 0 };

	channel->count.total = (uint64_t) size;
	if (ioctl(to, FICLONE, from) == 0) {
		channel->count.done = (uint64_t) size;
		return 0;
	}
	if (!buffer)
		return failure_errno(f, -ENOMEM, "cannot copy");
	while (extent_next(from, size, &extent))
		if (copy_extent(from, &extent, to, buffer, channel, f) < 0)
			return -1;
	return ftruncate(to, size) < 0 ? failure_errno(f, -errno, "cannot set the size") : 0;
}
