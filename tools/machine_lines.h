/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text files of a machine, read line by line by a visitor in there (entrance.h): a
 * stranger's, so nothing of them is taken for granted, and what is read is bounded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The lines of a text file. */
struct machine_lines {
	int fd;
	size_t left; /* bytes that may still be read */
	size_t start, end;
	bool is_skipping; /* the rest of a line that is too long */
	char bytes[64 * 1024];
};

/* 0, -EINVAL for what is no regular file, or another negative errno. To be closed after 0. */
int machine_lines_open(struct machine_lines *lines, const char *path);
void machine_lines_close(struct machine_lines *lines);

/*
 * The next line, good until the one after, without its newline; or NULL. Lines that are
 * too long, or have a NUL, aren't text and are passed over.
 */
char *machine_lines_next(struct machine_lines *lines);
