/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Disks of VMs that somebody else made: bytes as they are, or in the format qcow2; compressed or
 * not.
 */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/import/progress.h"

#include <stdint.h>

/*
 * Write the disk that the descriptor `source` gives to `target`, an empty file for reading and
 * writing; `size` is how many bytes the source has, or 0. What is zeros becomes a hole. qcow2 is
 * converted by qemu-img; `directory` is where it is kept meanwhile, without a name. `bytes_max`
 * limits what is written. 0, or -1 with a failure.
 */
int raw_unpack(int source, uint64_t size, int target, int directory, uint64_t bytes_max,
	       struct progress *progress, struct progress_count *count, struct notices *notices,
	       struct failure *failure) __attribute__((nonnull(6, 7, 9), warn_unused_result));
