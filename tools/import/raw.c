/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/raw.h"

#include "base/cleanup.h"
#include "base/holes.h"
#include "base/quote.h"
#include "tools/import/qcow2.h"
#include "tools/import/source.h"
#include "tools/import/sparse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512

struct raw_work {
	int source, target;
	int scratch; /* the file for a disk that must be converted first */
	uint64_t size, bytes_max;
};

/* Where tar has its own name in a header. */
#define TAR_MAGIC    "ustar"
#define TAR_MAGIC_AT 257

static bool is_tar(const char *head, size_t size)
{
	return size >= TAR_MAGIC_AT + strlen(TAR_MAGIC) &&
	       memcmp(head + TAR_MAGIC_AT, TAR_MAGIC, strlen(TAR_MAGIC)) == 0;
}

/* Formats that aren't supported, and their first bytes. As raw disks they wouldn't boot. */
static const char *foreign_format(const char *head, size_t size)
{
	static const struct {
		const char *magic, *name;
	} formats[] = {
		{ "KDMV", "VMDK" },
		{ "# Disk DescriptorFile", "VMDK" },
		{ "vhdxfile", "VHDX" },
		{ "conecti"
		  "x",
		  "VHD" },
		{ "<<< ", "VDI" },
		{ "<!DOCTYPE", "HTML" },
		{ "<!doctype", "HTML" },
		{ "<html", "HTML" },
		{ "<?xml", "XML" },
		{ "!<arch>", "ar" },
		{ "PK\3\4", "zip" },
		{ "7z\xbc\xaf\x27\x1c", "7z" },
		{ "\x04\x22M\x18", "lz4" },
		{ "LZIP", "lzip" },
	};

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		size_t length = strlen(formats[i].magic);

		if (size >= length && memcmp(head, formats[i].magic, length) == 0)
			return formats[i].name;
	}
	return is_tar(head, size) ? "tar" : NULL;
}

static int choose_target(const struct raw_work *work, const char *head, size_t size,
			 struct failure *f)
{
	const char *foreign = foreign_format(head, size);

	if (foreign)
		return failure_set(
			f, FAILURE_INVALID,
			"this is neither a raw disk nor qcow2, but %s by its first bytes%s",
			foreign, is_tar(head, size) ? "; see import-tar" : "");
	return qcow2_has_magic(head, size) ? work->scratch : work->target;
}

/* Zeros count as well: they take no space, but a few compressed bytes could keep us busy for days. */
static int check_size(const struct raw_work *work, uint64_t size, struct failure *f)
{
	char limit[BYTES_TEXT_SIZE];

	return size <= work->bytes_max
		       ? 0
		       : failure_set(f, FAILURE_INVALID,
				     "the disk is larger than %s; --size-max= sets the limit",
				     bytes_format(work->bytes_max, limit));
}

static int write_block(const struct raw_work *work, int target, const char *data, size_t size,
		       int64_t offset, struct worker_channel *channel, struct failure *f)
{
	int r;

	if (check_size(work, (uint64_t) offset + size, f) < 0)
		return -1;
	r = sparse_write(target, data, size, offset, &channel->count.written);
	if (r < 0)
		return failure_errno(f, r, "cannot write");
	worker_report_progress(channel);
	return 0;
}

static int finish(const struct raw_work *work, int target, int64_t end, struct failure *f)
{
	if (end == 0)
		return failure_set(f, FAILURE_INVALID, "there is nothing in it");
	if (target == work->target && end % SECTOR)
		return failure_set(f, FAILURE_INVALID,
				   "this is not a disk: its %" PRId64
				   " bytes aren't whole sectors of %d",
				   end, SECTOR);
	return ftruncate(target, end) < 0 ? failure_errno(f, -errno, "cannot set the size") : 0;
}

static int unpack_bytes(const struct raw_work *work, struct source *source, struct failure *f)
{
	struct archive_entry *entry;
	const void *data;
	size_t size;
	la_int64_t offset, end = 0;
	int target = -1, r;

	r = archive_read_next_header(source->archive, &entry);
	while (r == ARCHIVE_OK) {
		r = archive_read_data_block(source->archive, &data, &size, &offset);
		if (r != ARCHIVE_OK || size == 0)
			continue;
		if (target < 0)
			target = choose_target(work, data, size, f);
		if (target < 0 ||
		    write_block(work, target, data, size, offset, source->channel, f) < 0)
			return -1;
		end = offset + (la_int64_t) size;
	}
	if (r != ARCHIVE_EOF)
		return source_failure(source, f);
	return finish(work, target, end, f);
}

static bool is_disk_as_stored(int fd)
{
	/* The first bytes of gzip, xz, zstd with and without a skippable frame, and bzip2. */
	static const struct {
		const char *magic;
		size_t length;
	} compressed[] = { { "\x1f\x8b", 2 },
			   { "\xfd"
			     "7zXZ",
			     5 },
			   { "\x28\xb5\x2f\xfd", 4 },
			   { "\x2a\x4d\x18", 3 },
			   { "BZh", 3 } };
	char head[SECTOR];
	ssize_t n = pread(fd, head, sizeof head, 0);

	if (n < (ssize_t) sizeof head || qcow2_has_magic(head, sizeof head) ||
	    foreign_format(head, sizeof head))
		return false;
	for (size_t i = 0; i < sizeof compressed / sizeof *compressed; i++)
		/* The first byte of a skippable zstd frame has sixteen possible values. */
		if (memcmp(head, compressed[i].magic, compressed[i].length) == 0 ||
		    memcmp(head + 1, compressed[i].magic, compressed[i].length) == 0)
			return false;
	return true;
}

static int unpack_here(struct worker_channel *channel, void *data, struct failure *f)
{
	const struct raw_work *work = data;
	struct source source;
	struct stat st;
	int r;

	/* Copy a file directly: its holes are known, and its blocks can perhaps be shared. */
	if (fstat(work->source, &st) == 0 && S_ISREG(st.st_mode) && st.st_size % SECTOR == 0 &&
	    lseek(work->source, 0, SEEK_CUR) == 0 && is_disk_as_stored(work->source))
		return check_size(work, (uint64_t) st.st_size, f) < 0
			       ? -1
			       : sparse_copy(work->source, st.st_size, work->target, channel, f);
	r = source_open(&source, work->source, work->size, SOURCE_BYTES, channel, f);
	if (r == 0)
		r = unpack_bytes(work, &source, f);
	source_close(&source);
	return r;
}

int raw_unpack(int source, uint64_t size, int target, int directory, uint64_t bytes_max,
	       struct progress *progress, struct progress_count *count, struct notices *notices,
	       struct failure *f)
{
	CLEANUP_CLOSE int scratch = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct raw_work work = { source, target, scratch, size, bytes_max };
	const struct worker worker = {
		.work = unpack_here,
		.data = &work,
		.root = WORKER_EMPTY_ROOT,
		.fds = { source, target, scratch },
	};
	struct stat st;

	if (scratch < 0)
		return failure_errno(f, -errno, "cannot make a file without a name in the pool");
	if (worker_run(&worker, progress, count, notices, f) < 0)
		return -1;
	if (fstat(scratch, &st) < 0)
		return failure_errno(f, -errno, "cannot look at the file");
	return st.st_size ? qcow2_convert(scratch, target, bytes_max, progress, count, f) : 0;
}
