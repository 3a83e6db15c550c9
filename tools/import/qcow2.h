/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks in the format qcow2. */
#pragma once

#include "base/failure.h"
#include "tools/import/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether bytes begin as a file of this format does. */
bool qcow2_has_magic(const char *head, size_t size) __attribute__((nonnull, pure));

/*
 * Check a header. Refuse a disk that needs another file, is encrypted, or whose sizes can't be those
 * of a disk of at most `size_max` bytes. `virtual_size` becomes the disk's. 0, or -1 with a failure.
 */
#define QCOW2_HEADER_SIZE 1024
int qcow2_check(const unsigned char header[static QCOW2_HEADER_SIZE], uint64_t file_size,
		uint64_t size_max, uint64_t *virtual_size, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Check a file that nobody else can write to, and convert it into the empty file `target`, by
 * qemu-img: it has no network, no capabilities, and limits of time, memory and sizes. 0, or -1
 * with a failure.
 */
int qcow2_convert(int source, int target, uint64_t size_max, struct progress *progress,
		  struct progress_count *count, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
