/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/copy.h"

#include "base/cleanup.h"
#include "base/write_at.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#define BUFFER_SIZE (256 * 1024)

/* The kernel or the file system has no copy_file_range(2) for these two files. */
static bool is_unsupported(int error)
{
	return error == ENOSYS || error == EXDEV || error == EINVAL || error == EOPNOTSUPP ||
	       error == EPERM;
}

static int copy_through_memory(int from, int to, uint64_t size, uint64_t at)
{
	CLEANUP_FREE uint8_t *buffer = malloc(BUFFER_SIZE);

	if (!buffer)
		return -ENOMEM;
	while (at < size) {
		size_t wanted = size - at < BUFFER_SIZE ? (size_t) (size - at) : BUFFER_SIZE;
		ssize_t n = pread(from, buffer, wanted, (off_t) at);
		int r;

		if (n <= 0)
			return n < 0 ? -errno : -EUCLEAN;
		r = write_at(to, buffer, (size_t) n, at);
		if (r < 0)
			return r;
		at += (uint64_t) n;
	}
	return 0;
}

int copy_bytes(int from, int to, uint64_t size)
{
	uint64_t at = 0;

	while (at < size) {
		off_t in = (off_t) at, out = (off_t) at;
		ssize_t n = copy_file_range(from, &in, to, &out, (size_t) (size - at), 0);

		if (n < 0 && is_unsupported(errno))
			return copy_through_memory(from, to, size, at);
		if (n <= 0)
			return n < 0 ? -errno : -EUCLEAN;
		at += (uint64_t) n;
	}
	return 0;
}
