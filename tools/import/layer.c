/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/layer.h"

#include "base/quote.h"
#include "tools/import/whiteout.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Headers of an entry, with long names and attributes. */
#define ENTRY_SIZE 4096

struct layer_work {
	const struct layer *layer;
	bool is_lowest;
	int target;
	const struct unpack_options *options;
	/*
	 * A digest for each reading. They are made before the child changes its root, because
	 * libcrypto would then load files of the image.
	 */
	struct digest_context *digests[2];
};

/* The archive of a layer, and the source of its compressed bytes. */
struct layer_source {
	struct source bytes, tar;
	struct digest_context *digest;
	uint64_t size, size_max;
};

/* Small files can become endless when they are unpacked. */
static int see_bytes(void *data, const void *bytes, size_t size)
{
	struct layer_source *s = data;

	digest_add(s->digest, bytes, size);
	s->size += size;
	return s->size > s->size_max ? -EFBIG : 0;
}

static int open_layer(struct layer_source *s, const struct layer_work *work,
		      struct digest_context *digest, struct worker_channel *channel,
		      struct failure *f)
{
	const struct tree_limits *limits = &work->options->limits;

	s->digest = digest;
	s->size_max = limits->entries < UINT64_MAX / 2 / ENTRY_SIZE
			      ? limits->bytes + limits->entries * ENTRY_SIZE
			      : UINT64_MAX;
	if (lseek(work->layer->fd, 0, SEEK_SET) < 0)
		return failure_errno(f, -errno, "cannot read the layer");
	if (source_open(&s->bytes, work->layer->fd, work->layer->size, SOURCE_BYTES, channel, f) <
	    0)
		return -1;
	return source_open_over(&s->tar, &s->bytes, see_bytes, s, f);
}

static void close_layer(struct layer_source *s)
{
	source_close(&s->tar);
	source_close(&s->bytes);
}

typedef int entry_visitor(struct layer_source *s, struct archive_entry *entry, void *data,
			  struct failure *f);

/* Visit all entries, and check the archive's digest. */
static int visit_entries(struct layer_source *s, const struct layer_work *work,
			 entry_visitor *visit, void *data, struct failure *f)
{
	char is[DIGEST_TAGGED_SIZE], wanted[DIGEST_TAGGED_SIZE];
	struct archive_entry *entry;
	struct digest digest;
	int r;

	while ((r = archive_read_next_header(s->tar.archive, &entry)) == ARCHIVE_OK ||
	       r == ARCHIVE_WARN) {
		if (!archive_entry_pathname(entry))
			return failure_set(f, FAILURE_INVALID, "an entry has no name");
		if (visit(s, entry, data, f) < 0)
			return -1;
		worker_report_progress(s->tar.channel);
	}
	if (r == ARCHIVE_EOF)
		source_drain(&s->tar);
	if (s->tar.error == -EFBIG)
		return failure_set(f, FAILURE_INVALID,
				   "its archive is too large; --size-max= sets the limit");
	if (r != ARCHIVE_EOF || s->tar.under_failed)
		return source_failure(&s->tar, f);
	digest_get(s->digest, &digest);
	if (digests_equal(&digest, &work->layer->digest))
		return 0;
	return failure_set(f, FAILURE_NOT_PERMITTED,
			   "its archive has the digest %s, and the image's configuration has %s",
			   digest_format_tagged(&digest, is),
			   digest_format_tagged(&work->layer->digest, wanted));
}

static int hide_entry(struct layer_source *s, struct archive_entry *entry, void *data,
		      struct failure *f)
{
	const char *name = archive_entry_pathname(entry);
	const int *root = data;
	struct whiteout w;

	(void) s;
	if (whiteout_parse(name, &w, f) < 0)
		return -1;
	if (w.kind != WHITEOUT_NONE)
		return whiteout_apply(&w, *root, f);
	if (archive_entry_filetype(entry) == AE_IFDIR && !archive_entry_hardlink(entry))
		return whiteout_make_way(*root, name, f);
	return 0;
}

static int add_entry(struct layer_source *s, struct archive_entry *entry, void *data,
		     struct failure *f)
{
	struct tree_writer *tree = data;
	struct whiteout w;

	if (whiteout_parse(archive_entry_pathname(entry), &w, f) < 0)
		return -1;
	return w.kind == WHITEOUT_NONE ? unpack_entry(tree, &s->tar, entry, f) : 0;
}

static int read_layer(const struct layer_work *work, struct digest_context *digest,
		      struct worker_channel *channel, entry_visitor *visit, void *data,
		      struct failure *f)
{
	struct layer_source s = { .size = 0 };
	int r;

	channel->count.done = 0;
	r = open_layer(&s, work, digest, channel, f);
	if (r == 0)
		r = visit_entries(&s, work, visit, data, f);
	close_layer(&s);
	return r;
}

static int unpack_here(struct worker_channel *channel, void *data, struct failure *f)
{
	const struct layer_work *work = data;
	int target = work->target, r = 0;
	struct tree_writer tree;

	if (!work->is_lowest)
		r = read_layer(work, work->digests[0], channel, hide_entry, &target, f);
	if (r < 0)
		return -1;
	unpack_begin(&tree, target, work->options, channel);
	r = read_layer(work, work->digests[1], channel, add_entry, &tree, f);
	if (r == 0)
		r = tree_finish(&tree, f);
	tree_writer_done(&tree);
	return r;
}

int layer_unpack(const struct layer *layer, bool is_lowest, int target,
		 const struct unpack_options *options, struct progress *progress,
		 struct progress_count *count, struct notices *notices, struct failure *f)
{
	struct layer_work work = {
		.layer = layer,
		.is_lowest = is_lowest,
		.target = target,
		.options = options,
		.digests = { digest_begin(layer->digest.kind), digest_begin(layer->digest.kind) },
	};
	const struct worker worker = {
		.work = unpack_here,
		.data = &work,
		.root = target,
		.fds = { layer->fd, target },
		.powers = WORKER_CREATES,
	};
	int r = worker_run(&worker, progress, count, notices, f);

	digest_free(work.digests[0]);
	digest_free(work.digests[1]);
	return r;
}
