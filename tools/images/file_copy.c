/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/file_copy.h"

#include "base/holes.h"
#include "base/write_at.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

#define BUFFER_SIZE ((size_t) 1024 * 1024)

/* Errors by which a file system, or an old kernel, refuses copy_file_range(2) itself. */
static bool is_unsupported(int error)
{
	return error == ENOSYS || error == EOPNOTSUPP || error == EXDEV || error == EINVAL ||
	       error == EPERM || error == EBADF || error == ETXTBSY;
}

/* Copy a part by reading and writing. Stop where a file has become shorter. */
static int copy_by_buffer(int from, int to, off_t offset, off_t end, bool makes_holes)
{
	char *buffer = malloc(BUFFER_SIZE);
	uint64_t written = 0;
	int r = buffer ? 0 : -ENOMEM;

	while (r == 0 && offset < end) {
		size_t wanted = end - offset < (off_t) BUFFER_SIZE ? (size_t) (end - offset)
								   : BUFFER_SIZE;
		ssize_t n = pread(from, buffer, wanted, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = n < 0 ? -errno : 0;
			break;
		}
		r = makes_holes ? sparse_write(to, buffer, (size_t) n, offset, &written)
				: write_at(to, buffer, (size_t) n, (uint64_t) offset);
		offset += n;
	}
	free(buffer);
	return r;
}

static int copy_part(int from, int to, off_t offset, off_t end)
{
	while (offset < end) {
		off_t in = offset, out = offset;
		ssize_t n = copy_file_range(from, &in, to, &out, (size_t) (end - offset), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && !is_unsupported(errno))
			return -errno;
		/* Some file systems return 0 if they can't copy in this way. */
		if (n <= 0)
			return copy_by_buffer(from, to, offset, end, false);
		offset += n;
	}
	return 0;
}

int file_copy(int from, int to, uint64_t size)
{
	struct extent extent = { 0 };
	int r = 0;

	if (size > 0 && ioctl(to, FICLONE, from) == 0)
		return 0;
	if (ftruncate(to, (off_t) size) < 0)
		return -errno;
	while (r == 0 && extent_next(from, (int64_t) size, &extent))
		r = copy_part(from, to, extent.begin, extent.end);
	return r;
}

int file_copy_nonzero(int from, int to, uint64_t size)
{
	if (ftruncate(to, (off_t) size) < 0)
		return -errno;
	return copy_by_buffer(from, to, 0, (off_t) size, true);
}
