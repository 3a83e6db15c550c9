/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log of a machine that we start. The machine writes to a pipe, and a process beside it writes
 * the file: so the machine has no descriptor of the file, and can't fill the disk.
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>
#include <sys/types.h>

/* In bytes. When the log has so many, it becomes NAME.log.1, and a new one begins. */
#define START_LOG_SIZE_MAX ((size_t) 2 * 1024 * 1024)

struct start_log {
	int output;   /* for the machine: the pipe, or -1 */
	pid_t writer; /* a child, or 0 */
};

#define START_LOG_NONE ((struct start_log){ .output = -1 })

/* Begin an empty log. It must stay at its path. 0, or -1 with a failure. */
int start_log_begin(struct start_log *log, const char *path, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* When the machine has the pipe: close it here. The writer ends when all have closed it. */
void start_log_close(struct start_log *log) __attribute__((nonnull));

/* After the machine has ended: wait until all that it wrote is in the file, but not for long. */
void start_log_wait(struct start_log *log) __attribute__((nonnull));
