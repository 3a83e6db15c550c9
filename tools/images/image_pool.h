/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pool: the directory in which images are made, the same as machinectl(1)'s. Only root may
 * enter it, because an unpacked system contains setuid programs.
 */
#pragma once

#include "base/failure.h"

#include <stdint.h>

#define IMAGE_POOL "/var/lib/machines"

/*
 * Open the pool, and make it with mode 0700 if it doesn't exist. Returns a descriptor of the
 * directory, or -1 with a failure, also if it isn't root's or others may enter it.
 */
int image_pool_open(struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* The size and the limit of the whole pool, in bytes; IMAGE_UNKNOWN without quotas. */
void image_pool_read_quota(uint64_t *usage, uint64_t *limit) __attribute__((nonnull));
