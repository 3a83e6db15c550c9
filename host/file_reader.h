/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading files whose reading a machine can block: its root can mount a file
 * system that never answers, and command lines are in the memory of its processes.
 * A child process opens and reads the files, and is killed after a deadline. It is
 * started for the first file, and serves all that follow.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Upper bound for `size` below. */
#define FILE_READER_MAX (256 * 1024)

/* Milliseconds: much longer than a machine's file takes that comes at all. */
#define FILE_READER_WAIT 1000

/*
 * Read a plain file below a machine's root directory, machine_root_open(), and put
 * a NUL behind the text. Returns its length; -EFBIG if it doesn't fit; -EISDIR or
 * -ENXIO if it isn't a plain file; -ETIMEDOUT after so many milliseconds, or sooner if
 * another file didn't come since the reader was started; or another negative errno.
 */
ssize_t file_reader_read(int root, const char *path, char *text, size_t size, int milliseconds);

/*
 * Read at most `size` - 1 bytes of /proc/PID/FILE, and put a NUL behind. Returns
 * how many, or a negative errno.
 */
ssize_t file_reader_read_proc(uint32_t pid, const char *file, char *text, size_t size);

/*
 * End the child process, and forget that a file didn't come. For the end of a look, in programs that
 * run long; the next file starts another one.
 */
void file_reader_stop(void);
