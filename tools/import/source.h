/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes that somebody else made, read from a descriptor by libarchive: uncompressed, or
 * compressed by gzip, xz, zstd or bzip2, as their first bytes say.
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
	int error; /* a negative errno of reading, or 0 */
	struct worker_channel *channel;
	uint64_t size;			      /* of the whole, or 0 */
	unsigned char head[SOURCE_HEAD_SIZE]; /* the first bytes, as stored */
	size_t head_size;
	char *buffer;
	/* Of an archive in the bytes of another source: */
	struct source *under; /* or NULL */
	bool under_failed;
	int (*seen)(void *data, const void *bytes, size_t size);
	void *data;
};

enum source_format { SOURCE_TAR, SOURCE_BYTES };

/*
 * Open a descriptor, which is borrowed. `size` is how many bytes it has, or 0. 0, or -1 with a
 * failure. To be closed also after a failure.
 */
int source_open(struct source *source, int fd, uint64_t size, enum source_format format,
		struct worker_channel *channel, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Open the tar archive in the bytes that another source unpacks, which stays the caller's. `seen` is told of
 * all bytes of the archive, in their order, and returns 0 or a negative errno. As above.
 */
int source_open_over(struct source *source, struct source *under,
		     int (*seen)(void *data, const void *bytes, size_t size), void *data,
		     struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* The failure of a call of libarchive with this source. Returns -1. */
int source_failure(const struct source *source, struct failure *failure) __attribute__((nonnull));

/*
 * Read what follows the end: so that whoever writes it isn't disturbed, or to see all of it. What of it can't
 * be read is ignored.
 */
void source_drain(struct source *source) __attribute__((nonnull));

void source_close(struct source *source) __attribute__((nonnull));
