/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/blocking.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

/* After a call that has failed: whether it is to be made again, which waits for that. */
static bool wait_for(int fd, short events)
{
	if (errno == EAGAIN)
		poll(&(struct pollfd){ .fd = fd, .events = events }, 1, -1);
	else if (errno != EINTR)
		return false;
	return true;
}

ssize_t blocking_read(int fd, void *bytes, size_t size)
{
	ssize_t n;

	do
		n = read(fd, bytes, size);
	while (n < 0 && wait_for(fd, POLLIN));
	return n < 0 ? -errno : n;
}

ssize_t blocking_write(int fd, const void *bytes, size_t size)
{
	ssize_t n;

	do
		n = write(fd, bytes, size);
	while (n < 0 && wait_for(fd, POLLOUT));
	return n < 0 ? -errno : n;
}
