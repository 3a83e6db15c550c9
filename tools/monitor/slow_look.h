/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A look at a machine that takes long, as its network is large or changes all the
 * time: made and published by another process, so that no other machine waits for
 * it. There is one at a time.
 */
#pragma once

#include "tools/monitor/sources.h"
#include "tools/monitor/watched.h"

#include <stdbool.h>
#include <sys/types.h>

/* A machine whose look took so many milliseconds is slow, until so many looks in a row took less. */
#define SLOW_LOOK_MILLISECONDS 100
#define SLOW_LOOK_TIMES	       8

struct slow_look {
	struct source worker; /* its pidfd */
	pid_t pid;
	int lines; /* a pipe: what the worker has to tell the log */
	uint64_t started;
	char name[MACHINE_NAME_SIZE]; /* folded: the machine may be forgotten meanwhile */
};

#define SLOW_LOOK_INIT                                                                             \
	{                                                                                          \
		.worker = { SOURCE_SLOW_LOOK, -1 }, .lines = -1                                    \
	}

/* Begin to look at the machine. 0, or a negative errno: -EBUSY while there is another look. */
int slow_look_begin(struct slow_look *look, struct sources *sources,
		    const struct watched_machine *machine, uint64_t now);

/* A look was made, by a worker or not. A machine may be slow every other time. */
void slow_look_note(struct watched_machine *machine, bool was_slow);

/* The worker has ended: log its lines, and settle the machine in the schedule. */
void slow_look_end(struct slow_look *look, struct watched *watched);

/* Kill the worker, if there is one. */
void slow_look_close(struct slow_look *look, struct sources *sources);
