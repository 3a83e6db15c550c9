/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/input.h"

#include "registry/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t now_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What there is to read, or its end; -ETIMEDOUT when the time is up. */
static ssize_t read_before(int fd, int64_t deadline, void *to, size_t size)
{
	for (;;) {
		int64_t left = deadline - now_milliseconds();
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int r = poll(&poll_fd, 1, left > 0 ? (int) left : 0);
		ssize_t length;

		if (r == 0)
			return -ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
		length = r > 0 ? read(fd, to, size) : -1;
		if (length >= 0)
			return length;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

int input_read(struct arena *arena, int fd, int milliseconds, char **text, size_t *size)
{
	int64_t deadline = now_milliseconds() + milliseconds;
	CLEANUP_FREE char *buffer = NULL;
	size_t used = 0, room = 0;

	for (;;) {
		ssize_t length;

		if (used == room) {
			char *larger = realloc(buffer, room = room ? room * 2 : 4096);

			if (!larger)
				return -ENOMEM;
			buffer = larger;
		}
		length = read_before(fd, deadline, buffer + used, room - used);
		if (length < 0)
			return (int) length;
		if (length == 0)
			break;
		used += (size_t) length;
		if (used > INPUT_SIZE_MAX)
			return -EFBIG;
	}
	*text = arena_alloc(arena, used + 1);
	memcpy(*text, buffer, used);
	*size = used;
	return 0;
}

int input_read_file(struct arena *arena, const char *path, char **text, size_t *size)
{
	/* To open a FIFO would wait for who writes it. */
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENXIO;
	return input_read(arena, fd, 1000, text, size);
}
