/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text files of a machine, which a visitor reads line by line. Somebody else wrote
 * them, so reading is bounded and nothing is assumed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A text file that is being read. */
struct machine_lines {
	int fd;
	size_t left; /* bytes that may still be read */
	size_t start, end;
	bool is_skipping; /* skips the rest of a line that is too long */
	char bytes[64 * 1024];
};

/*
 * Open a file. 0, -EINVAL if it isn't a regular file, or another negative errno.
 * After 0, close it.
 */
int machine_lines_open(struct machine_lines *lines, const char *path);
void machine_lines_close(struct machine_lines *lines);

/*
 * Returns the next line without its newline, which is valid until the next call,
 * or NULL. Lines that are too long or contain a NUL are skipped.
 */
char *machine_lines_next(struct machine_lines *lines);
