/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/source.h"

#include "base/blocking.h"
#include "base/quote.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void keep_head(struct source *s, const void *bytes, ssize_t size)
{
	for (ssize_t i = 0; i < size && s->head_size < SOURCE_HEAD_SIZE; i++)
		s->head[s->head_size++] = ((const unsigned char *) bytes)[i];
}

static ssize_t read_some(struct source *s)
{
	ssize_t n = blocking_read(s->fd, s->buffer, SOURCE_BUFFER_SIZE);

	if (n < 0)
		s->error = (int) n;
	keep_head(s, s->buffer, n);
	if (n > 0)
		s->channel->count.done += (uint64_t) n;
	return n;
}

static la_ssize_t read_for_archive(struct archive *archive, void *data, const void **buffer)
{
	struct source *s = data;
	ssize_t n = read_some(s);

	*buffer = s->buffer;
	worker_report_progress(s->channel);
	if (n < 0)
		archive_set_error(archive, -s->error, "cannot read: %s", strerror(-s->error));
	return n < 0 ? ARCHIVE_FATAL : n;
}

static int open_archive(struct source *s, enum source_format format)
{
	struct archive *a = s->archive;

	/* If libarchive lacks a library, it would run a program for this format. Refuse that. */
	if (archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(a) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
	    archive_read_support_filter_bzip2(a) != ARCHIVE_OK)
		return -1;
	if ((format == SOURCE_TAR ? archive_read_support_format_tar(a)
				  : archive_read_support_format_raw(a)) != ARCHIVE_OK)
		return -1;
	return archive_read_open(a, s, NULL, read_for_archive, NULL) == ARCHIVE_OK ? 0 : -1;
}

int source_open(struct source *s, int fd, uint64_t size, enum source_format format,
		struct worker_channel *channel, struct failure *f)
{
	*s = (struct source){ .archive = archive_read_new(),
			      .fd = fd,
			      .channel = channel,
			      .size = size,
			      .buffer = malloc(SOURCE_BUFFER_SIZE) };
	channel->count.total = size;
	if (!s->archive || !s->buffer)
		return failure_errno(f, -ENOMEM, "cannot read the source");
	if (open_archive(s, format) < 0)
		return source_failure(s, f);
	return 0;
}

/* Unpack more bytes of the source below. Returns their number, 0 at the end, or -1. */
static ssize_t unpack_some(struct source *s, const void **bytes)
{
	size_t size = 0;
	la_int64_t offset;
	int r;

	do
		r = archive_read_data_block(s->under->archive, bytes, &size, &offset);
	while ((r == ARCHIVE_OK || r == ARCHIVE_WARN) && size == 0);
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN && r != ARCHIVE_EOF) {
		s->under_failed = true;
		return -1;
	}
	if (r == ARCHIVE_EOF)
		return 0;
	keep_head(s, *bytes, (ssize_t) size);
	s->error = s->seen(s->data, *bytes, size);
	return s->error < 0 ? -1 : (ssize_t) size;
}

static la_ssize_t unpack_for_archive(struct archive *archive, void *data, const void **buffer)
{
	ssize_t n = unpack_some(data, buffer);

	if (n < 0)
		archive_set_error(archive, EINVAL, "the compressed data in it can't be read");
	return n < 0 ? ARCHIVE_FATAL : n;
}

int source_open_over(struct source *s, struct source *under,
		     int (*seen)(void *data, const void *bytes, size_t size), void *data,
		     struct failure *f)
{
	struct archive_entry *entry;

	*s = (struct source){ .archive = archive_read_new(),
			      .fd = -1,
			      .channel = under->channel,
			      .under = under,
			      .seen = seen,
			      .data = data };
	if (!s->archive)
		return failure_errno(f, -ENOMEM, "cannot read the source");
	if (archive_read_next_header(under->archive, &entry) != ARCHIVE_OK)
		return source_failure(under, f);
	if (archive_read_support_format_tar(s->archive) != ARCHIVE_OK ||
	    archive_read_open(s->archive, s, NULL, unpack_for_archive, NULL) != ARCHIVE_OK)
		return source_failure(s, f);
	return 0;
}

int source_failure(const struct source *s, struct failure *f)
{
	char head[SOURCE_HEAD_SIZE + 1] = "", quoted[QUOTED_SIZE];
	const char *words = archive_error_string(s->archive);

	if (s->under_failed)
		return source_failure(s->under, f);
	if (s->error)
		return failure_errno(f, s->error, "cannot read");
	if (s->channel->count.done == 0)
		return failure_set(f, FAILURE_INVALID, "there is nothing in it");
	if (archive_errno(s->archive) == ENOMEM)
		return failure_errno(f, -ENOMEM, "cannot unpack");
	if (words && strncmp(words, "Unrecognized archive format", 27) == 0) {
		memcpy(head, s->head, s->head_size);
		return failure_set(f, FAILURE_INVALID,
				   "this is not a tar archive: it begins with '%s'",
				   quote(head, quoted));
	}
	return failure_set(f, FAILURE_INVALID, "the archive is damaged: %s",
			   words ?: "no reason is given");
}

void source_drain(struct source *s)
{
	const void *bytes;

	while (s->under && unpack_some(s, &bytes) > 0)
		;
	if (s->under)
		return;
	while (read_some(s) > 0)
		worker_report_progress(s->channel);
}

void source_close(struct source *s)
{
	if (s->archive)
		archive_read_free(s->archive);
	free(s->buffer);
	s->archive = NULL;
	s->buffer = NULL;
}
