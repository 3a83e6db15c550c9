/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running transfers. Each is a process that somebody started. The process updates its file in
 * REGISTRY_DIRECTORY/transfers, and holds a lock on it. A file without a lock belongs to a dead
 * process, and is removed by the next reader.
 */
#pragma once

#include "base/arena.h"
#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct transfer {
	int fd;	     /* its file, locked with flock(2) while its process lives; or -1 */
	uint32_t id; /* not 0 */
	uint32_t pid;
	uint64_t start_time; /* of the process: field 22 of /proc/PID/stat */
	const char *type;    /* the verb */
	const char *local;   /* the name of the image */
	const char *remote;  /* the other end: a file, or an address */
	const char *verify;  /* how a pull checks the file; "" for others */
	double progress;     /* from 0 to 1, or negative if it isn't known */
};

/* The directory of their files. A file's name is the id, and the transfer updates it. */
#define TRANSFER_DIRECTORY REGISTRY_DIRECTORY "/transfers"

/* Make that directory, if it isn't there. 0 or a negative errno. */
int transfer_directory_make(void);

/*
 * Get an unused id for a transfer that begins later. No transfer since the boot had it. 0, or -1
 * with a failure.
 */
int transfer_take_id(uint32_t *id, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Begin a transfer with its id, or with a new one if the id is 0. Type, local, remote and verify
 * stay the caller's. 0, or -1 with a failure.
 */
int transfer_begin(struct transfer *transfer, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Write the progress to the file. Errors are ignored. */
void transfer_write_progress(struct transfer *transfer, double progress) __attribute__((nonnull));

/* Remove its file. */
void transfer_end(struct transfer *transfer) __attribute__((nonnull));

/* List running transfers in the order of their ids, in the arena. 0, or -1 with a failure. */
int transfer_list(struct arena *arena, struct transfer **transfers, size_t *count,
		  struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* For qsort(3) and bsearch(3) of struct transfer: by id. */
int transfer_compare_ids(const void *a, const void *b) __attribute__((nonnull));

/*
 * Find the transfer with this id, in the arena. 0, or -1 with a failure: FAILURE_NO_PROCESS if it
 * doesn't exist.
 */
int transfer_find(struct arena *arena, uint32_t id, struct transfer *transfer,
		  struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Ask a transfer to stop, by SIGTERM. 0, or -1 with a failure: FAILURE_NO_PROCESS if the id isn't in use. */
int transfer_cancel(uint32_t id, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
