/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/input.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer than a local file takes. A file system that doesn't answer would block. */
#define FILE_MILLISECONDS 1000

/* Longer than the first line of a log that names its columns. */
#define FIRST_LINE_MAX 4096

/* Read what there is. Returns 0 at the end; -ETIMEDOUT when the time is up. */
static ssize_t read_before(int fd, int64_t deadline, void *to, size_t size)
{
	for (;;) {
		int64_t left = deadline - clock_milliseconds(CLOCK_MONOTONIC);
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

/* Read at most `size_max` bytes. */
static int read_up_to(struct arena *arena, int fd, int milliseconds, size_t size_max, char **text,
		      size_t *size)
{
	int64_t deadline = clock_milliseconds(CLOCK_MONOTONIC) + milliseconds;
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
		if (used > size_max)
			return -EFBIG;
	}
	*text = arena_alloc(arena, used + 1);
	memcpy(*text, buffer, used);
	(*text)[used] = '\0';
	*size = used;
	return 0;
}

int input_read(struct arena *arena, int fd, int milliseconds, char **text, size_t *size)
{
	return read_up_to(arena, fd, milliseconds, INPUT_SIZE_MAX, text, size);
}

/*
 * Look at the file before opening it: opening a device has effects, and opening a
 * FIFO waits for a writer.
 */
static int open_plain(const char *path, size_t size_max)
{
	CLEANUP_CLOSE int found = open(path, O_PATH | O_CLOEXEC);
	char link[sizeof "/proc/self/fd/2147483647"];
	struct stat st;
	int fd;

	if (found < 0 || fstat(found, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENXIO;
	if ((uint64_t) st.st_size > size_max)
		return -EFBIG;
	snprintf(link, sizeof link, "/proc/self/fd/%d", found);
	/* O_NONBLOCK: somebody may have a lease on it, fcntl(2). */
	fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

int input_read_file_up_to(struct arena *arena, const char *path, size_t size_max, char **text,
			  size_t *size)
{
	CLEANUP_CLOSE int fd = open_plain(path, size_max);

	return fd < 0 ? fd : read_up_to(arena, fd, FILE_MILLISECONDS, size_max, text, size);
}

int input_read_file(struct arena *arena, const char *path, char **text, size_t *size)
{
	return input_read_file_up_to(arena, path, INPUT_SIZE_MAX, text, size);
}

/* Read from a place in the file on. Returns how many bytes there were, or a negative errno. */
static ssize_t read_at(int fd, char *to, size_t size, off_t from)
{
	size_t used = 0;

	while (used < size) {
		ssize_t length = pread(fd, to + used, size - used, from + (off_t) used);

		if (length < 0 && errno != EINTR)
			return -errno;
		if (length == 0)
			break;
		used += length > 0 ? (size_t) length : 0;
	}
	return (ssize_t) used;
}

/* The length of the first line with its end, or 0 if there is none. */
static size_t first_line(const char *text, size_t size)
{
	const char *end = memchr(text, '\n', size);

	return end ? (size_t) (end + 1 - text) : 0;
}

static int read_ends(struct arena *arena, int fd, size_t size_max, char **text, size_t *size)
{
	char *both = arena_alloc(arena, FIRST_LINE_MAX + size_max + 1), *last;
	off_t length = lseek(fd, 0, SEEK_END);
	ssize_t head = read_at(fd, both, FIRST_LINE_MAX, 0), tail;
	size_t cut;

	if (length < 0 || head < 0)
		return length < 0 ? -errno : (int) head;
	last = both + first_line(both, (size_t) head);
	tail = read_at(fd, last, size_max,
		       length > (off_t) size_max ? length - (off_t) size_max : 0);
	if (tail < 0)
		return (int) tail;
	cut = first_line(last, (size_t) tail);
	memmove(last, last + cut, (size_t) tail - cut);
	last[(size_t) tail - cut] = '\0';
	*text = both;
	*size = (size_t) (last - both) + (size_t) tail - cut;
	return 0;
}

int input_read_log_file(struct arena *arena, const char *path, size_t size_max, char **text,
			size_t *size)
{
	CLEANUP_CLOSE int fd = open_plain(path, SIZE_MAX);
	struct stat st;
	int r = -EFBIG;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fd < 0 ? fd : -errno;
	if (st.st_size <= (off_t) size_max)
		r = read_up_to(arena, fd, FILE_MILLISECONDS, size_max, text, size);
	/* Or it has grown meanwhile. */
	return r == -EFBIG ? read_ends(arena, fd, size_max, text, size) : r;
}
