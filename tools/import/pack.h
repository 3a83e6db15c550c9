/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packing an image, compressed or not: its tree into a tar archive, or the bytes of its disk. */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/import/progress.h"

#include <stdbool.h>
#include <stdint.h>

enum pack_format { PACK_UNCOMPRESSED, PACK_XZ, PACK_GZIP, PACK_BZIP2, PACK_ZSTD };

/* "uncompressed", "xz", "gzip", "bzip2" or "zstd". false for others. */
bool pack_format_parse(const char *text, enum pack_format *format) __attribute__((nonnull));

/* The format that a file's ending chooses. */
enum pack_format pack_format_of_name(const char *name) __attribute__((nonnull, pure));

/*
 * Write a tar archive of a directory to `target`, with numeric ids, attributes, hard links and
 * holes. Sockets are left out, and what is mounted below. `directory` isn't O_PATH. 0, or -1 with
 * a failure.
 */
int pack_tar(int directory, int target, enum pack_format format, bool with_selinux,
	     struct progress *progress, struct progress_count *count, struct notices *notices,
	     struct failure *failure) __attribute__((nonnull(5, 6, 8), warn_unused_result));

/*
 * Write the bytes of a raw image to `target`: into a file, holes stay holes. 0, or -1 with a
 * failure.
 */
int pack_raw(int source, int target, enum pack_format format, struct progress *progress,
	     struct progress_count *count, struct notices *notices, struct failure *failure)
	__attribute__((nonnull(4, 5, 7), warn_unused_result));
