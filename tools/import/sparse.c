/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/sparse.h"

#include "base/cleanup.h"
#include "base/holes.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BUFFER_SIZE (256 * 1024)

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
