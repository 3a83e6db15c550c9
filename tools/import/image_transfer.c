/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/image_transfer.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "tools/images/directory_copy.h"
#include "tools/images/image_clone.h"
#include "tools/images/image_draft.h"
#include "tools/images/image_pool.h"
#include "tools/import/file_name.h"
#include "tools/import/kept.h"
#include "tools/import/output_file.h"
#include "tools/import/raw.h"
#include "tools/import/stop.h"
#include "tools/import/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The source of an import, open for reading. */
struct source_file {
	int fd;
	uint64_t size; /* how many bytes are still to be read, or 0 if that isn't known */
};

static int open_source(const char *path, struct source_file *source, struct failure *f)
{
	bool is_input = strcmp(path, "-") == 0;
	char quoted[QUOTED_SIZE];
	struct stat st;
	off_t at;

	if (is_input && isatty(STDIN_FILENO))
		return failure_set(f, FAILURE_INVALID,
				   "standard input is a terminal; give a file, or a pipe");
	source->fd = is_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
			      : open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (source->fd < 0 || fstat(source->fd, &st) < 0)
		return failure_errno(f, -errno, "cannot read '%s'", quote(path, quoted));
	if (S_ISDIR(st.st_mode))
		return failure_set(f, FAILURE_INVALID,
				   "'%s' is a directory; pack it, as by 'tar -C DIRECTORY -c .', "
				   "and give '-' for FILE",
				   quote(path, quoted));
	at = S_ISREG(st.st_mode) ? lseek(source->fd, 0, SEEK_CUR) : -1;
	source->size = at >= 0 && at < st.st_size ? (uint64_t) (st.st_size - at) : 0;
	return 0;
}

static int choose_name(struct image_transfer *t, struct failure *f)
{
	if (t->name && snprintf(t->image_name, sizeof t->image_name, "%s", t->name) >=
			       (int) sizeof t->image_name)
		return failure_errno(f, -ENAMETOOLONG, "the image's name");
	/* Only a pull has a meaning for it: no image, but what is kept. */
	if (t->name && strcmp(t->name, "-") == 0 && !t->kept)
		return failure_set(f, FAILURE_INVALID, "no machine can be called '-'");
	if (!t->name && strcmp(t->file, "-") == 0)
		return failure_set(f, FAILURE_INVALID, "an image from standard input needs a name");
	if (!t->name)
		file_name_to_image_name(t->file, t->image_name);
	return image_name_check(t->image_name, f);
}

/* A full disk is the fault of neither the archive nor the address. */
static int explain_full_disk(const struct image_transfer *t, int r, const char *path,
			     struct failure *f)
{
	const struct progress_count *count = &t->count;
	char written[BYTES_TEXT_SIZE], left[BYTES_TEXT_SIZE];

	if (r == 0 || f->kind != FAILURE_NO_SPACE || t->is_full)
		return r;
	bytes_format(count->written, written);
	if (count->total > count->done)
		return failure_set(f, FAILURE_NO_SPACE,
				   "no space is left on the file system of '%s', after %s; another "
				   "%s of the source would follow",
				   path, written, bytes_format(count->total - count->done, left));
	return failure_set(f, FAILURE_NO_SPACE,
			   "no space is left on the file system of '%s', after %s", path, written);
}

/* Fills a draft. */
typedef int filler(struct image_transfer *t, const struct source_file *source,
		   struct image_draft *draft, struct progress *progress, struct notices *notices,
		   struct failure *f);

static int bring_source(struct image_transfer *t, struct source_file *source, int pool,
			struct progress *progress, struct notices *notices, struct failure *f)
{
	struct stat st;

	source->fd = t->bring(t->bring_data, pool, progress, notices, f);
	t->is_full = source->fd < 0;
	if (source->fd < 0)
		return -1;
	source->size = fstat(source->fd, &st) == 0 ? (uint64_t) st.st_size : 0;
	return 0;
}

static bool makes_no_image(const struct image_transfer *t)
{
	return t->kept && strcmp(t->image_name, "-") == 0;
}

/* Give a draft its name, if `r` is 0: it is complete. */
static int commit(const struct image_transfer *t, struct image_draft *draft, int r,
		  struct notices *notices, struct failure *f)
{
	if (r == 0 && stop_signal())
		r = failure_set(f, FAILURE_OTHER, "stopped by a signal");
	if (r == 0 && !makes_no_image(t))
		r = image_draft_commit(draft, t->read_only, notices, f);
	return explain_full_disk(t, r, IMAGE_POOL, f);
}

static int begin_transfer(struct transfer *transfer, const struct image_transfer *t,
			  struct failure *f)
{
	*transfer = (struct transfer){ .id = t->id,
				       .type = t->verb,
				       .local = t->image_name,
				       .remote = t->file,
				       .verify = t->verify ?: "" };
	return transfer_begin(transfer, f);
}

/* Make the hidden image that is kept. */
static int keep(struct image_transfer *t, const struct source_file *source, int pool,
		enum image_kind kind, filler *fill, struct progress *progress,
		struct notices *notices, struct failure *f)
{
	CLEANUP(image_draft_done) struct image_draft draft = IMAGE_DRAFT_NONE;
	const char *attribute = t->kept->attribute;

	if (image_draft_begin(&draft, pool, t->kept->name, kind, true, f) < 0 ||
	    fill(t, source, &draft, progress, notices, f) < 0)
		return -1;
	/* Where there are no attributes, the next pull fetches it again. */
	(void) fsetxattr(draft.fd, KEPT_ATTRIBUTE, attribute, strlen(attribute), 0);
	if (stop_signal())
		return failure_set(f, FAILURE_OTHER, "stopped by a signal");
	/* It is nobody's business whether this file system has such a mark. */
	return image_draft_commit(&draft, true, NULL, f);
}

/* Make the draft anew: a copy of what is kept. */
static int copy_kept(const struct image_transfer *t, struct image_draft *draft,
		     struct notices *notices, struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct image image;
	int pool = draft->pool;

	if (image_find(&arena, t->kept->name, &image, f) < 0)
		return -1;
	image_draft_done(draft);
	if (image_draft_begin_clone(draft, pool, &image, t->image_name, t->force, notices, f) < 0)
		return -1;
	(void) fremovexattr(draft->fd, KEPT_ATTRIBUTE);
	return 0;
}

/* Fill the draft; if it is to be kept, by way of what is. */
static int fill_draft(struct image_transfer *t, const struct source_file *source,
		      struct image_draft *draft, enum image_kind kind, filler *fill,
		      struct progress *progress, struct notices *notices, struct failure *f)
{
	if (!t->kept)
		return fill(t, source, draft, progress, notices, f);
	if (!t->kept->is_there &&
	    keep(t, source, draft->pool, kind, fill, progress, notices, f) < 0)
		return -1;
	return makes_no_image(t) ? 0 : copy_kept(t, draft, notices, f);
}

static int fill_and_commit(struct image_transfer *t, struct source_file *source,
			   struct image_draft *draft, enum image_kind kind, filler *fill,
			   struct notices *notices, struct failure *f)
{
	struct transfer transfer;
	struct progress progress;
	int r;

	if (begin_transfer(&transfer, t, f) < 0)
		return -1;
	progress_start(&progress, t->terminal, &transfer);
	r = t->bring ? bring_source(t, source, draft->pool, &progress, notices, f) : 0;
	if (r == 0 && t->bring) {
		progress_clear(&progress);
		progress_start(&progress, t->terminal, &transfer);
	}
	if (r == 0)
		r = fill_draft(t, source, draft, kind, fill, &progress, notices, f);
	if (r == 0 && t->add && !makes_no_image(t))
		r = t->add(t->bring_data, draft, &progress, notices, f);
	progress_clear(&progress);
	r = commit(t, draft, r, notices, f);
	transfer_end(&transfer);
	return r;
}

static int import_with(struct image_transfer *t, struct source_file *source, enum image_kind kind,
		       filler *fill, struct notices *notices, struct failure *f)
{
	CLEANUP_CLOSE int pool = image_pool_open(f);
	struct image_draft draft = IMAGE_DRAFT_NONE;
	int r;

	if (pool < 0)
		return -1;
	draft.pool = pool;
	r = makes_no_image(t) ? 0
			      : image_draft_begin(&draft, pool, t->image_name, kind, t->force, f);
	if (r == 0)
		r = fill_and_commit(t, source, &draft, kind, fill, notices, f);
	if (r == 0 && makes_no_image(t))
		snprintf(t->image_name, sizeof t->image_name, "%s", t->kept->name);
	image_draft_done(&draft);
	return explain_full_disk(t, r, IMAGE_POOL, f);
}

static int import_file(struct image_transfer *t, enum image_kind kind, filler *fill,
		       struct notices *notices, struct failure *f)
{
	struct source_file source = { .fd = -1 };
	int r;

	if (choose_name(t, f) < 0)
		return -1;
	r = t->bring || t->make ? 0 : open_source(t->file, &source, f);
	if (r == 0)
		r = import_with(t, &source, kind, fill, notices, f);
	if (source.fd >= 0)
		close(source.fd);
	return r;
}

static int fill_from_tar(struct image_transfer *t, const struct source_file *source,
			 struct image_draft *draft, struct progress *progress,
			 struct notices *notices, struct failure *f)
{
	return unpack_tar(source->fd, source->size, draft->fd, &t->unpack, progress, &t->count,
			  notices, f);
}

int import_tar(struct image_transfer *t, struct notices *notices, struct failure *f)
{
	return import_file(t, IMAGE_DIRECTORY, fill_from_tar, notices, f);
}

static int fill_from_raw(struct image_transfer *t, const struct source_file *source,
			 struct image_draft *draft, struct progress *progress,
			 struct notices *notices, struct failure *f)
{
	return raw_unpack(source->fd, source->size, draft->fd, draft->pool, t->unpack.limits.bytes,
			  progress, &t->count, notices, f);
}

int import_raw(struct image_transfer *t, struct notices *notices, struct failure *f)
{
	return import_file(t, IMAGE_RAW, fill_from_raw, notices, f);
}

/* The name of a directory, without links and dots in its path, is the image's. */
static int choose_directory_name(struct image_transfer *t, struct failure *f)
{
	CLEANUP_FREE char *path = NULL;
	char quoted[QUOTED_SIZE];

	if (t->name || strcmp(t->file, "-") == 0)
		return choose_name(t, f);
	path = realpath(t->file, NULL);
	if (!path)
		return failure_errno(f, -errno, "cannot open '%s'", quote(t->file, quoted));
	if (!path[1])
		return failure_set(f, FAILURE_INVALID, "an image from / needs a name");
	snprintf(t->image_name, sizeof t->image_name, "%s", strrchr(path, '/') + 1);
	return image_name_check(t->image_name, f);
}

struct directory_progress {
	struct image_transfer *transfer;
	struct progress progress;
};

static int note_copied(void *data, uint64_t bytes, struct failure *f)
{
	struct directory_progress *d = data;

	d->transfer->count.entries++;
	d->transfer->count.done = d->transfer->count.written += bytes;
	progress_update(&d->progress, &d->transfer->count);
	return stop_signal() ? failure_set(f, FAILURE_OTHER, "stopped by a signal") : 0;
}

static int copy_directory(struct image_transfer *t, int source, int pool, struct notices *notices,
			  struct failure *f)
{
	CLEANUP(image_draft_done) struct image_draft draft = IMAGE_DRAFT_NONE;
	struct directory_progress d = { .transfer = t };
	struct transfer transfer;
	int r;

	if (begin_transfer(&transfer, t, f) < 0)
		return -1;
	progress_start(&d.progress, t->terminal, &transfer);
	r = image_draft_begin_copy(&draft, pool, t->image_name, t->force, source,
				   (struct tree_copy_watch){ note_copied, &d }, notices, f);
	progress_clear(&d.progress);
	r = commit(t, &draft, r, notices, f);
	transfer_end(&transfer);
	return r;
}

int import_fs(struct image_transfer *t, struct notices *notices, struct failure *f)
{
	CLEANUP_CLOSE int source = -1, pool = -1;
	char quoted[QUOTED_SIZE];

	if (choose_directory_name(t, f) < 0)
		return -1;
	/* Open it again, also for standard input, to get a position of its own. */
	source = open(strcmp(t->file, "-") == 0 ? "/dev/stdin" : t->file,
		      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source < 0)
		return failure_errno(f, -errno, "cannot open '%s' as a directory",
				     quote(t->file, quoted));
	pool = image_pool_open(f);
	return pool < 0 ? -1 : copy_directory(t, source, pool, notices, f);
}

static int fill_by_maker(struct image_transfer *t, const struct source_file *source,
			 struct image_draft *draft, struct progress *progress,
			 struct notices *notices, struct failure *f)
{
	(void) source;
	return t->make(t->make_data, t, draft, progress, notices, f);
}

int import_tree(struct image_transfer *t, struct notices *notices, struct failure *f)
{
	return import_file(t, IMAGE_DIRECTORY, fill_by_maker, notices, f);
}

/* Packs from an open image. */
typedef int packer(struct image_transfer *t, int source, int target, struct progress *progress,
		   struct notices *notices, struct failure *f);

static int pack_image(struct image_transfer *t, int source, packer *pack, struct notices *notices,
		      struct failure *f)
{
	struct output_file output = OUTPUT_FILE_INIT;
	struct transfer transfer;
	struct progress progress;
	int r;

	if (begin_transfer(&transfer, t, f) < 0)
		return -1;
	progress_start(&progress, t->terminal, &transfer);
	r = output_file_begin(&output, t->file, f);
	if (r == 0)
		r = pack(t, source, output.fd, &progress, notices, f);
	progress_clear(&progress);
	if (r == 0 && stop_signal())
		r = failure_set(f, FAILURE_OTHER, "stopped by a signal");
	if (r == 0)
		r = output_file_commit(&output, f);
	output_file_done(&output);
	transfer_end(&transfer);
	return explain_full_disk(t, r, t->file, f);
}

static int pack_as_tar(struct image_transfer *t, int source, int target, struct progress *progress,
		       struct notices *notices, struct failure *f)
{
	return pack_tar(source, target, t->format, t->unpack.with_selinux, progress, &t->count,
			notices, f);
}

static int pack_as_raw(struct image_transfer *t, int source, int target, struct progress *progress,
		       struct notices *notices, struct failure *f)
{
	return pack_raw(source, target, t->format, progress, &t->count, notices, f);
}

static int open_and_pack(struct image_transfer *t, const struct image *image, int flags,
			 packer *pack, struct notices *notices, struct failure *f)
{
	struct image_lock lock = IMAGE_LOCK_NONE;
	CLEANUP_CLOSE int fd = -1;
	char quoted[QUOTED_SIZE];
	int r;

	if (image_lock(&lock, image->path, IMAGE_LOCK_SHARED, f) < 0)
		return -1;
	fd = open(image->path, O_RDONLY | O_CLOEXEC | flags);
	r = fd < 0 ? failure_errno(f, -errno, "cannot open '%s'", quote(image->path, quoted))
		   : pack_image(t, fd, pack, notices, f);
	image_unlock(&lock);
	return r;
}

static int export_image(struct image_transfer *t, bool as_tar, struct notices *notices,
			struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct image image;
	bool is_tree;

	if (choose_name(t, f) < 0 || image_find(&arena, t->image_name, &image, f) < 0)
		return -1;
	is_tree = image.kind == IMAGE_DIRECTORY || image.kind == IMAGE_SUBVOLUME;
	if (image.is_host || (!is_tree && image.kind != IMAGE_RAW))
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "only directories and raw images can "
				   "be exported");
	if (as_tar != is_tree)
		return failure_set(f, FAILURE_NOT_SUPPORTED, "the image is a %s: use %s",
				   is_tree ? "directory" : "raw disk",
				   is_tree ? "export-tar" : "export-raw");
	if (!t->has_format)
		t->format = pack_format_of_name(t->file);
	return open_and_pack(t, &image, is_tree ? O_DIRECTORY : O_NONBLOCK,
			     as_tar ? pack_as_tar : pack_as_raw, notices, f);
}

int export_tar(struct image_transfer *t, struct notices *notices, struct failure *f)
{
	return export_image(t, true, notices, f);
}

int export_raw(struct image_transfer *t, struct notices *notices, struct failure *f)
{
	return export_image(t, false, notices, f);
}
