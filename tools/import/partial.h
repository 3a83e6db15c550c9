/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A partial download in the pool. Its hidden name follows from its address, so the next pull of
 * that address continues it. image_clean() finds it, as it finds drafts.
 */
#pragma once

#include "base/failure.h"
#include "tools/fetch/fetch.h"

#include <limits.h>

struct partial {
	int pool;
	int fd; /* locked with flock(2) as long as this process has it open; or -1 */
	char name[NAME_MAX + 1];
	struct fetch_validator validator; /* identifies the bytes that it contains */
};

#define PARTIAL_NONE ((struct partial){ .pool = -1, .fd = -1 })

/*
 * Open the partial download of an address, or make it, with mode 0600. If no sum or signature will
 * be checked, bytes from an earlier boot aren't used, because they may not have reached the disk.
 * 0, or -1 with a failure: FAILURE_BUSY if another process fetches it.
 */
int partial_open(struct partial *partial, int pool, const char *address, bool is_checked,
		 struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Record the validator of the bytes that follow. 0 or a negative errno. */
int partial_note(struct partial *partial, const struct fetch_validator *validator);

void partial_remove(struct partial *partial);

/* Close it. Remove it if it can't be continued. */
void partial_close(struct partial *partial);
