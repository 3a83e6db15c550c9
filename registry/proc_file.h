/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of /proc, whole. Part of the writing half. */
#pragma once

#include <stdint.h>

/* "/proc/4294967295/mountinfo" and its like. */
#define PROC_PATH_SIZE 48

void proc_path(char path[static PROC_PATH_SIZE], uint32_t pid, const char *file);

/*
 * Read a file of unknown size. Returns its text with a NUL behind it, the
 * caller's to free, or NULL with errno.
 */
char *file_read_text(const char *path);

/* The same with /proc/PID/FILE. */
char *proc_read_text(uint32_t pid, const char *file);
