/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/oci_transfer.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "tools/import/oci_download.h"
#include "tools/import/oci_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One transfer. */
struct oci_work {
	struct oci_transfer *oci;
	struct oci_store store;
	struct oci_download download;
	int source; /* the file or directory to import, or -1 */
};

static int unpack(struct oci_work *w, const struct oci_image *image, struct image_transfer *t,
		  struct image_draft *draft, struct progress *progress, struct notices *notices,
		  struct failure *f)
{
	t->count = (struct progress_count){ 0 };
	return oci_image_unpack(&w->store, image, draft, &t->unpack, progress, &t->count, notices,
				f);
}

static int fetch_and_unpack(void *data, struct image_transfer *t, struct image_draft *draft,
			    struct progress *progress, struct notices *notices, struct failure *f)
{
	struct oci_work *w = data;
	struct oci_image image;

	if (oci_image_find(&w->store, &w->oci->choice, &image, f) < 0 ||
	    oci_image_configure(&w->store, &w->oci->choice, &image, notices, f) < 0)
		return -1;
	if (oci_download_layers(&w->download, &image.manifest, draft->pool, progress, f) < 0) {
		t->is_full = true;
		return -1;
	}
	progress_clear(progress);
	progress_start(progress, t->terminal, progress->transfer);
	if (unpack(w, &image, t, draft, progress, notices, f) < 0)
		return -1;
	w->oci->words = oci_download_words(&w->download);
	return 0;
}

/* Keep the bytes after a broken connection. Don't keep them after a refusal or a full disk. */
static bool is_worth_keeping(const struct failure *f)
{
	return f->kind == FAILURE_OTHER || f->kind == FAILURE_TIMED_OUT || f->kind == FAILURE_BUSY;
}

int pull_oci(struct image_transfer *t, struct notices *notices, struct failure *f)
{
	struct oci_work w = { .oci = t->make_data, .source = -1 };
	int r;

	if (oci_download_begin(&w.download, w.oci->arena, t->file, &w.store, f) < 0)
		return -1;
	t->file = w.download.reference.shown;
	if (!t->name)
		t->name = basename(w.download.reference.repository);
	t->make = fetch_and_unpack;
	t->make_data = &w;
	r = import_tree(t, notices, f);
	oci_download_end(&w.download, r < 0 && is_worth_keeping(f));
	return r;
}

static int import_directory(struct oci_work *w, int directory, struct image_transfer *t,
			    struct image_draft *draft, struct progress *progress,
			    struct notices *notices, struct failure *f)
{
	struct oci_layout layout;
	struct oci_image image;
	int r;

	if (oci_layout_open(&layout, w->oci->arena, directory, &w->store, f) < 0)
		return -1;
	r = oci_layout_find(&layout, &w->store, &w->oci->choice, &image, f);
	if (r == 0)
		r = oci_image_configure(&w->store, &w->oci->choice, &image, notices, f);
	if (r == 0)
		r = unpack(w, &image, t, draft, progress, notices, f);
	oci_layout_close(&layout);
	return r;
}

/* First unpack the archive beside the draft, because its parts come in any order. */
static int unpack_archive(struct oci_work *w, struct image_transfer *t, struct image_draft *draft,
			  struct progress *progress, struct notices *notices, struct failure *f)
{
	struct unpack_options options = t->unpack;
	int scratch = image_draft_add(draft, IMAGE_DIRECTORY, NULL, f);
	struct stat st;

	if (scratch < 0)
		return -1;
	if (fstat(w->source, &st) < 0)
		return failure_errno(f, -errno, "cannot look at the source");
	options.without_devices = true;
	return unpack_tar(w->source, S_ISREG(st.st_mode) ? (uint64_t) st.st_size : 0, scratch,
			  &options, progress, &t->count, notices, f) < 0
		       ? -1
		       : scratch;
}

static int read_and_unpack(void *data, struct image_transfer *t, struct image_draft *draft,
			   struct progress *progress, struct notices *notices, struct failure *f)
{
	struct oci_work *w = data;
	int directory = w->source;
	struct stat st;

	if (fstat(w->source, &st) < 0)
		return failure_errno(f, -errno, "cannot look at the source");
	if (!S_ISDIR(st.st_mode))
		directory = unpack_archive(w, t, draft, progress, notices, f);
	return directory < 0 ? -1 : import_directory(w, directory, t, draft, progress, notices, f);
}

int import_oci(struct image_transfer *t, struct notices *notices, struct failure *f)
{
	bool is_input = strcmp(t->file, "-") == 0;
	CLEANUP_CLOSE int source = is_input
					   ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
					   : open(t->file, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	struct oci_work w = { .oci = t->make_data, .source = source };
	char quoted[QUOTED_SIZE];

	if (source < 0)
		return failure_errno(f, -errno, "cannot read '%s'", quote(t->file, quoted));
	if (is_input && isatty(source))
		return failure_set(f, FAILURE_INVALID,
				   "standard input is a terminal; give a file, or a pipe");
	t->make = read_and_unpack;
	t->make_data = &w;
	return import_tree(t, notices, f);
}
