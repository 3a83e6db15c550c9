/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work on untrusted data, in a child process with few rights: it has one directory as its root, no
 * network, few capabilities and few descriptors. It reports its progress, warnings and failure to
 * us.
 */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/import/progress.h"

#include <stdint.h>

/* In the child: where it reports. */
struct worker_channel {
	int fd;
	int64_t next_ms; /* the time of its next progress report: CLOCK_MONOTONIC */
	struct progress_count count;
};

/* Report the progress in `channel->count`, unless a report was sent shortly before. */
void worker_report_progress(struct worker_channel *channel) __attribute__((nonnull));

/* Report a warning. */
void worker_warn(struct worker_channel *channel, const char *format, ...)
	__attribute__((nonnull, format(printf, 2, 3)));

enum worker_powers {
	WORKER_HAS_NONE,
	WORKER_CREATES, /* files of any owner and kind */
	WORKER_READS,	/* files of any owner */
};

#define WORKER_FDS_MAX 4

/* In `root`. */
#define WORKER_EMPTY_ROOT (-1) /* a directory with nothing in it, and nothing can be made there */
#define WORKER_HOST_ROOT  (-2) /* for a program of this host */

struct worker {
	/* The child's work. 0, or -1 with a failure. It doesn't return if it executes a program. */
	int (*work)(struct worker_channel *channel, void *data, struct failure *failure);
	void *data;
	int root;		 /* a descriptor of its root directory, or one of the above */
	int fds[WORKER_FDS_MAX]; /* the descriptors that it keeps, ended by 0; all others are closed */
	enum worker_powers powers;
	const char *locale; /* its LC_CTYPE, "C" if NULL; locales can't be loaded in its root */
	const char *
		program; /* the program that it executes, for messages; then its exit status counts */
};

/*
 * Run it until it ends. It is killed if this process has to stop (stop.h) or is killed. 0, or -1
 * with a failure. `count` becomes the child's result.
 */
int worker_run(const struct worker *worker, struct progress *progress, struct progress_count *count,
	       struct notices *notices, struct failure *failure)
	__attribute__((nonnull(1, 2, 3, 5), warn_unused_result));
