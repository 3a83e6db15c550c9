/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/unpack.h"

#include "base/quote.h"
#include "tools/import/lift.h"

#include <errno.h>

struct unpack_work {
	int source, target;
	uint64_t size;
	const struct unpack_options *options;
};

static int unpack_contents(struct tree_writer *tree, struct source *source, int fd,
			   struct failure *f)
{
	const void *data;
	size_t size;
	la_int64_t offset;
	int r;

	while ((r = archive_read_data_block(source->archive, &data, &size, &offset)) == ARCHIVE_OK)
		if (tree_write(tree, fd, data, size, offset, f) < 0)
			return -1;
	return r == ARCHIVE_EOF || r == ARCHIVE_WARN ? 0 : source_failure(source, f);
}

int unpack_entry(struct tree_writer *tree, struct source *source, struct archive_entry *entry,
		 struct failure *f)
{
	char quoted[QUOTED_SIZE];
	int fd = tree_add(tree, entry, f), r;
	struct failure unused;

	if (fd < 0)
		return fd == TREE_NO_CONTENTS ? 0 : -1;
	r = unpack_contents(tree, source, fd, f);
	if (tree_file_done(tree, fd, entry, r < 0 ? &unused : f) < 0)
		r = -1;
	return r < 0 ? failure_prefix(f, "entry '%s'", quote(archive_entry_pathname(entry), quoted))
		     : 0;
}

static int unpack_entries(struct tree_writer *tree, struct source *source, struct failure *f)
{
	struct archive_entry *entry;
	int r;

	/*
	 * A warning means that a name has characters that the locale C doesn't know. It comes byte
	 * by byte. In a UTF-8 locale, libarchive would normalize its characters, and so change the
	 * name.
	 */
	while ((r = archive_read_next_header(source->archive, &entry)) == ARCHIVE_OK ||
	       r == ARCHIVE_WARN) {
		if (unpack_entry(tree, source, entry, f) < 0)
			return -1;
		worker_report_progress(tree->channel);
	}
	return r == ARCHIVE_EOF ? 0 : source_failure(source, f);
}

static int unpack_source(struct tree_writer *tree, struct source *source, struct failure *f)
{
	if (unpack_entries(tree, source, f) < 0)
		return -1;
	if (tree->channel->count.entries == 0)
		return failure_set(f, FAILURE_INVALID, "the archive is empty");
	source_drain(source);
	if (tree_finish(tree, f) < 0)
		return -1;
	return lift_lone_directory(tree->root, f);
}

void unpack_begin(struct tree_writer *tree, int root, const struct unpack_options *options,
		  struct worker_channel *channel)
{
	*tree = TREE_WRITER_INIT;
	tree->root = root;
	tree->channel = channel;
	tree->limits = options->limits;
	tree->without_devices = options->without_devices;
	tree->losses.with_selinux = options->with_selinux;
}

static int unpack_here(struct worker_channel *channel, void *data, struct failure *f)
{
	const struct unpack_work *work = data;
	struct tree_writer tree;
	struct source source;
	int r;

	unpack_begin(&tree, work->target, work->options, channel);
	r = source_open(&source, work->source, work->size, SOURCE_TAR, channel, f);
	if (r == 0)
		r = unpack_source(&tree, &source, f);
	source_close(&source);
	tree_writer_done(&tree);
	return r;
}

int unpack_tar(int source, uint64_t size, int target, const struct unpack_options *options,
	       struct progress *progress, struct progress_count *count, struct notices *notices,
	       struct failure *f)
{
	struct unpack_work work = { source, target, size, options };
	const struct worker worker = {
		.work = unpack_here,
		.data = &work,
		.root = target,
		.fds = { source, target },
		.powers = WORKER_CREATES,
	};

	return worker_run(&worker, progress, count, notices, f);
}
