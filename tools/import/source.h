/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Untrusted bytes, read from a descriptor by libarchive: uncompressed, or compressed by gzip, xz,
 * zstd or bzip2. Their first bytes show which.
 */
#pragma once

#include "base/failure.h"
#include "tools/import/worker.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>

#define SOURCE_BUFFER_SIZE (256 * 1024)
#define SOURCE_HEAD_SIZE   16

struct source {
	struct archive *archive;
	int fd;
	int error; /* a negative errno if reading failed, or 0 */
	struct worker_channel *channel;
	uint64_t size;			      /* of the whole source, or 0 */
	unsigned char head[SOURCE_HEAD_SIZE]; /* the first bytes, as stored */
	size_t head_size;
	char *buffer;
	/* For an archive in the bytes of another source: */
	struct source *under; /* or NULL */
	bool under_failed;
	int (*seen)(void *data, const void *bytes, size_t size);
	void *data;
};

enum source_format { SOURCE_TAR, SOURCE_BYTES };

/*
 * Open a descriptor, which stays the caller's. `size` is its number of bytes, or 0. 0, or -1 with a
 * failure. Close the source also after a failure.
 */
int source_open(struct source *source, int fd, uint64_t size, enum source_format format,
		struct worker_channel *channel, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Open the tar archive in the bytes that another source unpacks. That source stays the caller's.
 * `seen` gets all bytes of the archive in their order, and returns 0 or a negative errno. Failures
 * and closing are as above.
 */
int source_open_over(struct source *source, struct source *under,
		     int (*seen)(void *data, const void *bytes, size_t size), void *data,
		     struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Make the failure of a libarchive call with this source. Returns -1. */
int source_failure(const struct source *source, struct failure *failure) __attribute__((nonnull));

/*
 * Read the bytes after the end, so that their writer doesn't fail, or so that `seen` gets all of
 * them. Errors are ignored.
 */
void source_drain(struct source *source) __attribute__((nonnull));

void source_close(struct source *source) __attribute__((nonnull));
