/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * read(2) and write(2) that wait, also where whoever has opened the pipe, and still uses it, made it
 * non-blocking: for all who have it, so that we may not change that.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* How many bytes were read or written, 0 at the end, or a negative errno. */
ssize_t blocking_read(int fd, void *bytes, size_t size) __attribute__((nonnull));
ssize_t blocking_write(int fd, const void *bytes, size_t size) __attribute__((nonnull));
