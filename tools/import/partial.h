/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A download in the pool, under a hidden name that follows from its address, so that the next pull of it
 * goes on where this one was cut. image_clean() finds it, as it finds a draft.
 */
#pragma once

#include "base/failure.h"
#include "tools/fetch/fetch.h"

#include <limits.h>

struct partial {
	int pool;
	int fd; /* locked with flock(2) as long as this process has it open; or -1 */
	char name[NAME_MAX + 1];
	struct fetch_validator validator; /* of the bytes that are in it */
};

#define PARTIAL_NONE ((struct partial){ .pool = -1, .fd = -1 })

/*
 * Open that of an address, or make it, with mode 0600. If its bytes won't be held to a sum or a
 * signature, those of an earlier boot aren't used: who knows what reached the disk. 0, or -1 with a
 * failure: FAILURE_BUSY if somebody else fetches it.
 */
int partial_open(struct partial *partial, int pool, const char *address, bool is_checked,
		 struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Note what the bytes that follow belong to. 0 or a negative errno. */
int partial_note(struct partial *partial, const struct fetch_validator *validator);

void partial_remove(struct partial *partial);

/* Close it. One that has nothing to go on with is removed. */
void partial_close(struct partial *partial);
