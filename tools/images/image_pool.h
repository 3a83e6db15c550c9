/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pool: the directory in which images are made, machinectl(1)'s. An unpacked system holds
 * setuid programs of others, so only root may enter it.
 */
#pragma once

#include "base/failure.h"

#include <stdint.h>

#define IMAGE_POOL "/var/lib/machines"

/*
 * Open the pool; make it, with mode 0700, if there is none. Returns a descriptor of the
 * directory, or -1 with a failure: also if it isn't root's, or others may enter it.
 */
int image_pool_open(struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* What all of it takes and may take, in bytes; IMAGE_UNKNOWN where nothing counts it. */
void image_pool_read_quota(uint64_t *usage, uint64_t *limit) __attribute__((nonnull));
