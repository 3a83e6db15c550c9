/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/file_copy.h"

#include "base/write_at.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

#define BUFFER_SIZE ((size_t) 1024 * 1024)
#define HOLE_SIZE   ((size_t) 4096)

/* Errors by which a file system, or an old kernel, refuses copy_file_range(2) itself. */
static bool is_unsupported(int error)
{
	return error == ENOSYS || error == EOPNOTSUPP || error == EXDEV || error == EINVAL ||
	       error == EPERM || error == EBADF || error == ETXTBSY;
}

/* Write what isn't zero, by pieces of what most file systems have for a block. */
static int write_nonzero(int to, const char *bytes, size_t size, off_t offset)
{
	int r = 0;

	for (size_t at = 0; r == 0 && at < size; at += HOLE_SIZE) {
		size_t piece = size - at < HOLE_SIZE ? size - at : HOLE_SIZE;

		if (!bytes_are_zero(bytes + at, piece))
			r = write_at(to, bytes + at, piece, (uint64_t) offset + at);
	}
	return r;
}

/* Copy a part by reading and writing. A file that has become shorter ends it. */
static int copy_by_buffer(int from, int to, off_t offset, off_t end, bool makes_holes)
{
	char *buffer = malloc(BUFFER_SIZE);
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
		r = makes_holes ? write_nonzero(to, buffer, (size_t) n, offset)
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
		/* Some file systems answer 0 for what they can't copy so. */
		if (n <= 0)
			return copy_by_buffer(from, to, offset, end, false);
		offset += n;
	}
	return 0;
}

/* The next part from `offset` on that isn't a hole. 1, 0 if there is none, or a negative errno. */
static int find_data(int from, off_t offset, off_t size, off_t *begin, off_t *end)
{
	*begin = lseek(from, offset, SEEK_DATA);
	if (*begin < 0 && errno == ENXIO)
		return 0;
	if (*begin < 0) {
		/* It knows of no holes. */
		*begin = offset;
		*end = size;
		return errno == EINVAL || errno == EOPNOTSUPP ? offset < size : -errno;
	}
	*end = lseek(from, *begin, SEEK_HOLE);
	if (*end < 0 || *end > size)
		*end = size;
	return *begin < *end;
}

int file_copy(int from, int to, uint64_t size)
{
	off_t begin, end = 0;
	int r;

	if (size > 0 && ioctl(to, FICLONE, from) == 0)
		return 0;
	if (ftruncate(to, (off_t) size) < 0)
		return -errno;
	while ((r = find_data(from, end, (off_t) size, &begin, &end)) > 0) {
		r = copy_part(from, to, begin, end);
		if (r < 0)
			break;
	}
	return r;
}

int file_copy_nonzero(int from, int to, uint64_t size)
{
	if (ftruncate(to, (off_t) size) < 0)
		return -errno;
	return copy_by_buffer(from, to, 0, (off_t) size, true);
}
