/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/machine_lines.h"

#include "base/cleanup.h"
#include "host/machine_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Limit for one file. A passwd of a hundred thousand users has some megabytes. */
#define SIZE_MAX_READ ((size_t) 64 * 1024 * 1024)

int machine_lines_open(struct machine_lines *lines, const char *path)
{
	CLEANUP_CLOSE int fd = machine_path_open(VISITOR_ROOT, path, O_RDONLY);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	lines->fd = fd;
	lines->left = SIZE_MAX_READ;
	lines->start = lines->end = 0;
	lines->is_skipping = false;
	fd = -1;
	return 0;
}

void machine_lines_close(struct machine_lines *lines)
{
	close(lines->fd);
	lines->fd = -1;
}

/* Read more bytes. Returns whether there were any. */
static bool fill(struct machine_lines *l)
{
	size_t room;
	ssize_t n;

	memmove(l->bytes, l->bytes + l->start, l->end - l->start);
	l->end -= l->start;
	l->start = 0;
	/* Keep room for the NUL of a last line without a newline. */
	room = sizeof l->bytes - 1 - l->end;
	if (room > l->left)
		room = l->left;
	n = room ? read(l->fd, l->bytes + l->end, room) : 0;
	if (n <= 0)
		return false;
	l->end += (size_t) n;
	l->left -= (size_t) n;
	return true;
}

/* Returns the next line, whatever it contains, and its length. */
static char *next(struct machine_lines *l, size_t *length)
{
	for (;;) {
		char *line = l->bytes + l->start;
		char *newline = memchr(line, '\n', l->end - l->start);
		bool is_full = l->end - l->start == sizeof l->bytes - 1;

		if (newline || (!is_full && !fill(l))) {
			/* The last line may have no newline. */
			*length = newline ? (size_t) (newline - line) : l->end - l->start;
			line = l->bytes + l->start;
			if (!newline && !*length)
				return NULL;
			line[*length] = '\0';
			l->start += newline ? *length + 1 : *length;
			return line;
		}
		if (is_full) {
			l->start = l->end = 0;
			l->is_skipping = true;
		}
	}
}

char *machine_lines_next(struct machine_lines *l)
{
	size_t length;
	char *line;

	while ((line = next(l, &length))) {
		bool is_tail = l->is_skipping;

		l->is_skipping = false;
		if (!is_tail && !memchr(line, '\0', length))
			return line;
	}
	return NULL;
}
