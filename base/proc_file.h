/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of /proc and /sys, whole. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Enough for "/proc/4294967295/mountinfo". */
#define PROC_PATH_SIZE 48

void proc_path(char path[static PROC_PATH_SIZE], uint32_t pid, const char *file);

/*
 * Read a file of the kernel, whose size isn't known beforehand. Returns its text
 * with a NUL behind it, which the caller frees, or NULL with errno. For files that
 * others wrote, see base/input.h.
 */
char *file_read_text(const char *path);

/* The same with /proc/PID/FILE. */
char *proc_read_text(uint32_t pid, const char *file);

/*
 * Read a file that the kernel hands out whole, by one read(2), into `text`, and end it with a NUL.
 * Its length, or a negative errno: -E2BIG where it may be longer.
 */
ssize_t file_read_short(const char *path, char *text, size_t size);

/* The same, with a path that is relative to a directory. */
ssize_t file_read_short_at(int directory, const char *path, char *text, size_t size);
