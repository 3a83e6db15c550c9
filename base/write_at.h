/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing bytes at a place in a file, all of them. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Write all, in as many calls as it takes. 0 or a negative errno. */
static inline int write_at(int fd, const void *bytes, size_t size, uint64_t offset)
{
	const char *from = bytes;

	while (size > 0) {
		ssize_t n = pwrite(fd, from, size, (off_t) offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		from += n;
		offset += (uint64_t) n;
		size -= (size_t) n;
	}
	return 0;
}

/* Whether all bytes are zero, so that a hole can have their place. */
static inline bool bytes_are_zero(const char *bytes, size_t size)
{
	return size == 0 || (!bytes[0] && memcmp(bytes, bytes + 1, size - 1) == 0);
}
