/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking at machines without the registry's lock, and then taking it. A machine may make a look at it
 * take long, and all other writers wait for the lock.
 */
#pragma once

#include "base/failure.h"
#include "registry/writer.h"

#include <stdbool.h>

struct look {
	void *data; /* of these functions */
	/*
	 * Look at all machines. `generation` becomes that of the registry before, or 0. 0, or -1 with a
	 * failure.
	 */
	int (*observe)(void *data, uint64_t *generation, struct failure *failure);
	/* Whether the machines still have the records in this registry that they had at the look. */
	bool (*is_current)(void *data, struct snapshot *registry);
	/* Whether nothing is to be published; NULL if that isn't asked. */
	bool (*is_needless)(void *data, uint64_t generation);
	bool discard_unreadable; /* of struct writer */
};

/*
 * Look, take the lock, and look again if somebody has changed a record of these machines meanwhile: without
 * the lock, but for the last of some times. 1; 0 without the lock if the look was needless; or -1 with a
 * failure. The caller closes the writer in any case.
 */
int look_and_lock(const struct look *look, const char *directory, struct writer *writer,
		  struct failure *failure) __attribute__((nonnull, warn_unused_result));
