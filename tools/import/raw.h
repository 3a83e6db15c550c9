/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks of VMs from untrusted sources: raw bytes or qcow2, compressed or not. */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/import/progress.h"

#include <stdint.h>

/*
 * Write the disk from the descriptor `source` to `target`, an empty file for reading and writing.
 * `size` is the source's number of bytes, or 0. Zeros become holes. qemu-img converts qcow2;
 * meanwhile the disk is in a file without a name in `directory`. `bytes_max` limits the bytes that
 * are written. 0, or -1 with a failure.
 */
int raw_unpack(int source, uint64_t size, int target, int directory, uint64_t bytes_max,
	       struct progress *progress, struct progress_count *count, struct notices *notices,
	       struct failure *failure) __attribute__((nonnull(6, 7, 9), warn_unused_result));
