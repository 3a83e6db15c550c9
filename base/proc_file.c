/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/proc_file.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* Enough for a million lines of mountinfo. A process can make /proc return any amount: prctl(2). */
#define TEXT_SIZE_MAX ((size_t) 128 * 1024 * 1024)

void proc_path(char path[static PROC_PATH_SIZE], uint32_t pid, const char *file)
{
	snprintf(path, PROC_PATH_SIZE, "/proc/%u/%s", pid, file);
}

char *file_read_text(const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP_FREE char *text = NULL;
	size_t size = 0, room = 0;
	char *whole;
	ssize_t n;

	if (fd < 0)
		return NULL;
	do {
		if (room - size < 4096) {
			char *larger = realloc(text, room = room ? room * 2 : 16384);

			if (!larger)
				return NULL;
			text = larger;
		}
		n = read(fd, text + size, room - size - 1);
		if (n < 0)
			return NULL;
		size += (size_t) n;
		if (size > TEXT_SIZE_MAX) {
			errno = EFBIG;
			return NULL;
		}
	} while (n > 0);
	text[size] = '\0';
	whole = text;
	text = NULL;
	return whole;
}

char *proc_read_text(uint32_t pid, const char *file)
{
	char path[PROC_PATH_SIZE];

	proc_path(path, pid, file);
	return file_read_text(path);
}

ssize_t file_read_short(const char *path, char *text, size_t size)
{
	return file_read_short_at(AT_FDCWD, path, text, size);
}

ssize_t file_read_short_at(int directory, const char *path, char *text, size_t size)
{
	CLEANUP_CLOSE int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return (size_t) n < size - 1 ? n : -E2BIG;
}
