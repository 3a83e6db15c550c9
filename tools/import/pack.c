/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/pack.h"

#include "base/array.h"
#include "base/array_size.h"
#include "base/blocking.h"
#include "base/cleanup.h"
#include "base/ending.h"
#include "base/holes.h"
#include "base/quote.h"
#include "tools/import/attributes.h"
#include "tools/import/sparse.h"
#include "tools/import/worker.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define BUFFER_SIZE (256 * 1024)
/* Each level has a descriptor and a part of the stack. */
#define DEPTH_MAX 900

static const struct format_name {
	const char *name;
	const char *endings[3];
	int (*add)(struct archive *);
} formats[] = {
	[PACK_UNCOMPRESSED] = { "uncompressed", { NULL }, archive_write_add_filter_none },
	[PACK_XZ] = { "xz", { ".xz", ".txz" }, archive_write_add_filter_xz },
	[PACK_GZIP] = { "gzip", { ".gz", ".tgz" }, archive_write_add_filter_gzip },
	[PACK_BZIP2] = { "bzip2", { ".bz2", ".tbz2" }, archive_write_add_filter_bzip2 },
	[PACK_ZSTD] = { "zstd", { ".zst", ".tzst" }, archive_write_add_filter_zstd },
};

bool pack_format_parse(const char *text, enum pack_format *format)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (strcmp(formats[i].name, text) != 0)
			continue;
		*format = (enum pack_format) i;
		return true;
	}
	return false;
}

enum pack_format pack_format_of_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		for (const char *const *ending = formats[i].endings; *ending; ending++)
			if (stem_length(name, *ending) > 0)
				return (enum pack_format) i;
	return PACK_UNCOMPRESSED;
}

struct pack {
	int source, target;
	enum pack_format format;
	bool with_selinux;
	/* In the worker: */
	struct worker_channel *channel;
	struct archive *archive;
	struct archive_entry_linkresolver *links;
	struct attribute_losses losses;
	uint64_t sockets, mounts;
	uint64_t mount; /* the id of the mount that the image is on */
	char path[PATH_MAX];
	char *buffer;
};

static int pack_failure(const struct pack *p, struct failure *f)
{
	int error = archive_errno(p->archive);

	return error > 0 ? failure_errno(f, -error, "cannot write")
			 : failure_set(f, FAILURE_OTHER, "cannot write: %s",
				       archive_error_string(p->archive) ?: "no reason is given");
}

/* libarchive skips holes, and only uses their length. */
static int write_hole(struct pack *p, int64_t length, struct failure *f)
{
	static const char zeros[BUFFER_SIZE];

	while (length > 0) {
		size_t part = length < BUFFER_SIZE ? (size_t) length : BUFFER_SIZE;

		if (archive_write_data(p->archive, zeros, part) < 0)
			return pack_failure(p, f);
		length -= (int64_t) part;
	}
	return 0;
}

static int write_extent(struct pack *p, int fd, int64_t offset, int64_t end, struct failure *f)
{
	while (offset < end) {
		size_t part = end - offset < BUFFER_SIZE ? (size_t) (end - offset) : BUFFER_SIZE;
		ssize_t n = pread(fd, p->buffer, part, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failure_errno(f, -errno, "cannot read");
		/* The file became shorter meanwhile: fill up to the size in the archive. */
		if (n == 0)
			return write_hole(p, end - offset, f);
		if (archive_write_data(p->archive, p->buffer, (size_t) n) < 0)
			return pack_failure(p, f);
		offset += n;
		p->channel->count.done += (uint64_t) n;
		p->channel->count.written += (uint64_t) n;
		worker_report_progress(p->channel);
	}
	return 0;
}

/* The contents of a file, as long as `size`, extent by extent. */
static int write_contents(struct pack *p, int fd, int64_t size, struct failure *f)
{
	struct extent extent = { 0 };

	while (extent_next(fd, size, &extent))
		if (write_hole(p, extent.begin - extent.hole, f) < 0 ||
		    write_extent(p, fd, extent.begin, extent.end, f) < 0)
			return -1;
	return write_hole(p, size - extent.end, f);
}

static void describe_holes(struct archive_entry *entry, int fd, const struct stat *st)
{
	struct extent extent = { 0 };

	if (st->st_blocks * 512 >= st->st_size)
		return;
	while (extent_next(fd, st->st_size, &extent))
		archive_entry_sparse_add_entry(entry, extent.begin, extent.end - extent.begin);
	/* The whole file is a hole. */
	if (extent.end == 0)
		archive_entry_sparse_add_entry(entry, st->st_size, 0);
}

static int describe_link(struct archive_entry *entry, int directory, const char *name,
			 struct failure *f)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(directory, name, target, sizeof target - 1);

	if (n < 0)
		return failure_errno(f, -errno, "cannot read the link");
	target[n] = '\0';
	archive_entry_copy_symlink(entry, target);
	return 0;
}

/* Write an entry. The descriptor, if it isn't negative, gives the contents. */
static int write_entry(struct pack *p, struct archive_entry *entry, int fd, struct failure *f)
{
	struct archive_entry *spare = NULL;
	int64_t size;

	archive_entry_linkify(p->links, &entry, &spare);
	size = archive_entry_size(entry);
	p->channel->count.entries++;
	/* A warning means that a name isn't in UTF-8. Its bytes are written as they are. */
	if (archive_write_header(p->archive, entry) < ARCHIVE_WARN)
		return pack_failure(p, f);
	return fd >= 0 && size > 0 && !archive_entry_hardlink(entry)
		       ? write_contents(p, fd, size, f)
		       : 0;
}

static int pack_file(struct pack *p, int directory, const char *name, const struct stat *st,
		     struct archive_entry *entry, struct failure *f)
{
	CLEANUP_CLOSE int fd =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat now;

	if (fd < 0 || fstat(fd, &now) < 0)
		return failure_errno(f, -errno, "cannot open");
	if (!S_ISREG(now.st_mode) || now.st_ino != st->st_ino)
		return failure_set(f, FAILURE_BUSY, "it was replaced meanwhile");
	describe_holes(entry, fd, st);
	return write_entry(p, entry, fd, f);
}

static int pack_directory(struct pack *p, int fd, size_t length, int depth, struct failure *f);

static int pack_below(struct pack *p, int directory, const char *name, size_t length, int depth,
		      struct failure *f)
{
	CLEANUP_CLOSE int fd =
		openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return failure_errno(f, -errno, "cannot open");
	if (depth == DEPTH_MAX)
		return failure_set(f, FAILURE_INVALID, "it is deeper than %d directories",
				   DEPTH_MAX);
	return pack_directory(p, fd, length, depth + 1, f);
}

static int describe(struct pack *p, int directory, const char *name, const struct stat *st,
		    struct archive_entry *entry, struct failure *f)
{
	archive_entry_copy_stat(entry, st);
	/* Nobody needs these attributes in an archive. */
	archive_entry_unset_atime(entry);
	archive_entry_unset_ctime(entry);
	archive_entry_unset_birthtime(entry);
	archive_entry_copy_pathname(entry, p->path);
	if (S_ISLNK(st->st_mode) && describe_link(entry, directory, name, f) < 0)
		return -1;
	return attributes_get(entry, name, &p->losses, f);
}

/* Returns 1 for a directory whose contents follow. */
static int pack_described(struct pack *p, int directory, const char *name, bool is_mount,
			  struct archive_entry *entry, struct failure *f)
{
	struct stat st;

	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failure_errno(f, -errno, "cannot look at it");
	if (S_ISSOCK(st.st_mode)) {
		p->sockets++;
		return 0;
	}
	if (describe(p, directory, name, &st, entry, f) < 0)
		return -1;
	if (S_ISREG(st.st_mode))
		return pack_file(p, directory, name, &st, entry, f);
	if (write_entry(p, entry, -1, f) < 0)
		return -1;
	return S_ISDIR(st.st_mode) && !is_mount;
}

static uint64_t mount_id(int directory, const char *name)
{
	struct statx stx = { 0 };

	if (statx(directory, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		  STATX_MNT_ID, &stx) < 0)
		return 0;
	return stx.stx_mnt_id;
}

/* Pack an entry of the working directory, whose path has this length. */
static int pack_name(struct pack *p, int directory, const char *name, size_t length, int depth,
		     struct failure *f)
{
	struct archive_entry *entry = archive_entry_new();
	size_t n = strlen(name);
	bool is_mount = *name && mount_id(directory, name) != p->mount;
	int r;

	if (!entry)
		return failure_errno(f, -ENOMEM, "cannot pack");
	if (length + n + 2 > sizeof p->path) {
		archive_entry_free(entry);
		return failure_errno(f, -ENAMETOOLONG, "cannot pack");
	}
	memcpy(p->path + length, name, n + 1);
	p->mounts += is_mount;
	r = pack_described(p, directory, name, is_mount, entry, f);
	archive_entry_free(entry);
	if (r <= 0)
		return r;
	memcpy(p->path + length + n, "/", 2);
	r = pack_below(p, directory, name, length + n + 1, depth, f);
	if (r == 0 && fchdir(directory) < 0)
		r = failure_errno(f, -errno, "cannot return to the directory");
	return r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static int list_names(int fd, struct string_list *names)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), r = 0;
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!directory) {
		r = -errno;
		if (copy >= 0)
			close(copy);
		return r;
	}
	while (r == 0 && (errno = 0, entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = string_list_add(names, entry->d_name);
	if (r == 0 && errno)
		r = -errno;
	closedir(directory);
	if (names->count)
		qsort(names->items, names->count, sizeof *names->items, compare_names);
	return r;
}

/* Pack a directory's entries in the order of their names, so that the same tree gives the same archive. */
static int pack_directory(struct pack *p, int fd, size_t length, int depth, struct failure *f)
{
	CLEANUP(string_list_done) struct string_list names = { 0 };
	int r = list_names(fd, &names);

	if (r < 0 || fchdir(fd) < 0)
		return failure_errno(f, r < 0 ? r : -errno, "cannot read the directory");
	for (size_t i = 0; i < names.count && r == 0; i++)
		r = pack_name(p, fd, names.items[i], length, depth, f);
	return r;
}

static int pack_root(struct pack *p, struct failure *f)
{
	struct archive_entry *entry = archive_entry_new();
	char quoted[QUOTED_SIZE];
	int r;

	if (!entry)
		return failure_errno(f, -ENOMEM, "cannot pack");
	strcpy(p->path, "./");
	r = fchdir(p->source) < 0 ? failure_errno(f, -errno, "cannot enter the image")
				  : pack_described(p, p->source, ".", false, entry, f);
	archive_entry_free(entry);
	if (r > 0)
		r = pack_directory(p, p->source, 2, 0, f);
	return r < 0 ? failure_prefix(f, "'%s'", quote(p->path, quoted)) : 0;
}

static void report_left_out(const struct pack *p)
{
	if (p->sockets)
		worker_warn(p->channel, "%" PRIu64 " socket%s left out: an archive can't have any",
			    p->sockets, p->sockets == 1 ? " was" : "s were");
	if (p->mounts)
		worker_warn(p->channel, "the contents of %" PRIu64 " mount%s were left out",
			    p->mounts, p->mounts == 1 ? "" : "s");
	attributes_report(&p->losses, p->channel);
}

static la_ssize_t write_for_archive(struct archive *archive, void *data, const void *bytes,
				    size_t size)
{
	const struct pack *p = data;
	ssize_t n = blocking_write(p->target, bytes, size);

	if (n < 0)
		archive_set_error(archive, (int) -n, "cannot write");
	return n < 0 ? ARCHIVE_FATAL : n;
}

static int open_target(struct pack *p, int (*set_format)(struct archive *), struct failure *f)
{
	struct archive *a = p->archive;
	struct stat st;

	if (!a || !p->buffer || !p->links)
		return failure_errno(f, -ENOMEM, "cannot pack");
	if (set_format(a) != ARCHIVE_OK || formats[p->format].add(a) != ARCHIVE_OK)
		return failure_set(f, FAILURE_NOT_SUPPORTED, "libarchive can't write %s",
				   formats[p->format].name);
	if (p->format == PACK_XZ)
		archive_write_set_filter_option(a, "xz", "threads", "0");
	archive_write_set_bytes_per_block(a, BUFFER_SIZE);
	archive_write_set_bytes_in_last_block(a, 1);
	/* It may be a file in the image. */
	if (fstat(p->target, &st) == 0 && S_ISREG(st.st_mode))
		archive_write_set_skip_file(a, st.st_dev, st.st_ino);
	return archive_write_open(a, p, NULL, write_for_archive, NULL) == ARCHIVE_OK
		       ? 0
		       : pack_failure(p, f);
}

static void pack_done(struct pack *p)
{
	if (p->links)
		archive_entry_linkresolver_free(p->links);
	/* If the archive wasn't closed, don't write its end. */
	if (p->archive)
		archive_write_free(p->archive);
	free(p->buffer);
}

static int set_tar_format(struct archive *a)
{
	int r = archive_write_set_format_pax(a);

	/* One spelling of attributes, which GNU tar knows, too. */
	return r == ARCHIVE_OK ? archive_write_set_format_option(a, "pax", "xattrheader", "SCHILY")
			       : r;
}

static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DEPTH_MAX + 64)
		return;
	limit.rlim_cur = limit.rlim_max < DEPTH_MAX + 64 ? limit.rlim_max : DEPTH_MAX + 64;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int pack_open_tar(struct pack *p, struct failure *f)
{
	archive_entry_linkresolver_set_strategy(p->links, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
	if (open_target(p, set_tar_format, f) < 0 || pack_root(p, f) < 0)
		return -1;
	if (archive_write_close(p->archive) != ARCHIVE_OK)
		return pack_failure(p, f);
	report_left_out(p);
	return 0;
}

static int pack_tar_here(struct worker_channel *channel, void *data, struct failure *f)
{
	struct pack *p = data;
	int r;

	raise_descriptors();
	p->channel = channel;
	p->losses.with_selinux = p->with_selinux;
	p->mount = mount_id(p->source, "");
	p->archive = archive_write_new();
	p->links = archive_entry_linkresolver_new();
	p->buffer = malloc(BUFFER_SIZE);
	r = pack_open_tar(p, f);
	pack_done(p);
	return r;
}

int pack_tar(int directory, int target, enum pack_format format, bool with_selinux,
	     struct progress *progress, struct progress_count *count, struct notices *notices,
	     struct failure *f)
{
	struct pack p = { .source = directory,
			  .target = target,
			  .format = format,
			  .with_selinux = with_selinux };
	const struct worker worker = {
		.work = pack_tar_here,
		.data = &p,
		.root = directory,
		.fds = { directory, target },
		.powers = WORKER_READS,
		/*
		 * In other locales each name that isn't ASCII would be marked as binary, and tar(1)
		 * would warn.
		 */
		.locale = "C.UTF-8",
	};

	return worker_run(&worker, progress, count, notices, f);
}

static int write_bytes(struct pack *p, const struct stat *st, struct failure *f)
{
	struct archive_entry *entry = archive_entry_new();
	int r;

	if (!entry)
		return failure_errno(f, -ENOMEM, "cannot pack");
	archive_entry_set_pathname(entry, "data");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, st->st_size);
	r = archive_write_header(p->archive, entry) == ARCHIVE_OK
		    ? write_contents(p, p->source, st->st_size, f)
		    : pack_failure(p, f);
	archive_entry_free(entry);
	if (r == 0 && archive_write_close(p->archive) != ARCHIVE_OK)
		r = pack_failure(p, f);
	return r;
}

static int pack_raw_here(struct worker_channel *channel, void *data, struct failure *f)
{
	struct pack *p = data;
	struct stat st, to;
	int r;

	if (fstat(p->source, &st) < 0 || fstat(p->target, &to) < 0)
		return failure_errno(f, -errno, "cannot look at the image");
	channel->count.total = (uint64_t) st.st_size;
	if (p->format == PACK_UNCOMPRESSED && S_ISREG(to.st_mode))
		return sparse_copy(p->source, st.st_size, p->target, channel, f);
	p->channel = channel;
	p->archive = archive_write_new();
	p->links = archive_entry_linkresolver_new();
	p->buffer = malloc(BUFFER_SIZE);
	r = open_target(p, archive_write_set_format_raw, f);
	if (r == 0)
		r = write_bytes(p, &st, f);
	pack_done(p);
	return r;
}

int pack_raw(int source, int target, enum pack_format format, struct progress *progress,
	     struct progress_count *count, struct notices *notices, struct failure *f)
{
	struct pack p = { .source = source, .target = target, .format = format };
	const struct worker worker = {
		.work = pack_raw_here,
		.data = &p,
		.root = WORKER_EMPTY_ROOT,
		.fds = { source, target },
	};

	return worker_run(&worker, progress, count, notices, f);
}
