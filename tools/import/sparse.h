/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying files with holes, by a child that reports how far it is. */
#pragma once

#include "base/failure.h"
#include "tools/import/worker.h"

#include <stdint.h>

/*
 * Copy a file of this size into a new one: share its blocks if the file system can do that,
 * otherwise copy what isn't zeros. 0, or -1 with a failure.
 */
int sparse_copy(int from, int64_t size, int to, struct worker_channel *channel,
		struct failure *failure) __attribute__((nonnull, warn_unused_result));
