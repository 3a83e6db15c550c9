/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers that go on. Each is the process that somebody started, and has a file in
 * REGISTRY_DIRECTORY/transfers, which it keeps up to date. The file of a process that has died is
 * removed by whoever looks next: it is locked no more.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct transfer {
	int fd;	     /* of its file, locked with flock(2) as long as its process lives; or -1 */
	uint32_t id; /* not 0 */
	uint32_t pid;
	uint64_t start_time; /* of the process: field 22 of /proc/PID/stat */
	const char *type;    /* the verb */
	const char *local;   /* the name of the image */
	const char *remote;  /* the other end: a file, or an address */
	const char *verify;  /* of one that fetches: how it is checked; else "" */
	double progress;     /* from 0 to 1, or negative if it isn't known */
};

/* Where their files are: each has the id as its name, and is written into as it gets on. */
#define TRANSFER_DIRECTORY REGISTRY_DIRECTORY "/transfers"

/* Make that directory, if it isn't there. 0 or a negative errno. */
int transfer_directory_make(void);

/* Take an id that none had since the boot, for one that begins later. 0, or -1 with a failure. */
int transfer_take_id(uint32_t *id, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Begin one, with the id that it was given, or a new one if that is 0. Type, local, remote and verify are
 * borrowed. 0, or -1 with a failure.
 */
int transfer_begin(struct transfer *transfer, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Write how far it is. That it can't be written is not a failure. */
void transfer_write_progress(struct transfer *transfer, double progress) __attribute__((nonnull));

/* Remove its file. */
void transfer_end(struct transfer *transfer) __attribute__((nonnull));

/* Those that go on, by id. All is in the arena. 0, or -1 with a failure. */
int transfer_list(struct arena *arena, struct transfer **transfers, size_t *count,
		  struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* The one of this id. All is in the arena. 0, or -1 with a failure: FAILURE_NO_PROCESS if there is none. */
int transfer_find(struct arena *arena, uint32_t id, struct transfer *transfer,
		  struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Ask one to stop, as C-c does. 0, or -1 with a failure: FAILURE_NO_PROCESS if there is none of
 * this id.
 */
int transfer_cancel(uint32_t id, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
