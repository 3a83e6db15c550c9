/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/qcow2.h"

#include "base/program.h"
#include "tools/import/worker.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Offsets in the header. Numbers are in big-endian order. */
enum {
	AT_VERSION = 4,
	AT_BACKING_OFFSET = 8,
	AT_CLUSTER_BITS = 20,
	AT_SIZE = 24,
	AT_ENCRYPTION = 32,
	AT_L1_ENTRIES = 36,
	AT_L1_OFFSET = 40,
	AT_REFCOUNT_OFFSET = 48,
	AT_REFCOUNT_CLUSTERS = 56,
	AT_SNAPSHOTS = 60,
	AT_INCOMPATIBLE = 72,
	AT_HEADER_LENGTH = 100,
};

#define MAGIC		 "QFI\xfb"
#define VERSION_2_LENGTH 72
#define VERSION_3_LENGTH 104

enum { FEATURE_DIRTY = 1, FEATURE_CORRUPT = 2, FEATURE_DATA_FILE = 4, FEATURES_KNOWN = 0x1f };

#define EXTENSION_DATA_FILE 0x44415441

/* The limit of qemu-img's memory. The table of a disk of the maximum size needs a part of that. */
#define MEMORY_MAX  (UINT64_C(2) << 30)
#define SECONDS_MAX 3600
/* qemu's own limits of tables. */
#define L1_ENTRIES_MAX	   (UINT32_C(32) << 20 >> 3)
#define REFCOUNT_BYTES_MAX (UINT64_C(8) << 20)
#define SNAPSHOTS_MAX	   65536

static uint32_t get_32(const unsigned char *header, size_t at)
{
	uint32_t value;

	memcpy(&value, header + at, sizeof value);
	return be32toh(value);
}

static uint64_t get_64(const unsigned char *header, size_t at)
{
	uint64_t value;

	memcpy(&value, header + at, sizeof value);
	return be64toh(value);
}

bool qcow2_has_magic(const char *head, size_t size)
{
	return size >= 4 && memcmp(head, MAGIC, 4) == 0;
}

static int refuse(struct failure *f, const char *why)
{
	return failure_set(f, FAILURE_INVALID, "the qcow2 disk %s", why);
}

/* Whether an extension of the header, which has a type, a length and contents, names a data file. */
static bool names_data_file(const unsigned char *header, uint32_t at)
{
	while (at <= QCOW2_HEADER_SIZE - 8) {
		uint32_t type = get_32(header, at), length = get_32(header, at + 4);

		if (type == 0 || length > QCOW2_HEADER_SIZE)
			break;
		if (type == EXTENSION_DATA_FILE)
			return true;
		at += 8 + (length + 7) / 8 * 8;
	}
	return false;
}

static int check_version_3(const unsigned char *header, struct failure *f)
{
	uint64_t features = get_64(header, AT_INCOMPATIBLE);
	uint32_t length = get_32(header, AT_HEADER_LENGTH);

	if (features & FEATURE_DATA_FILE)
		return refuse(f, "has its data in another file, which isn't here");
	if (features & FEATURE_CORRUPT)
		return refuse(f, "is marked as corrupt; see qemu-img check");
	if (features & ~(uint64_t) FEATURES_KNOWN)
		return refuse(f, "has features that aren't known");
	if (length < VERSION_3_LENGTH || length > QCOW2_HEADER_SIZE || length % 8)
		return refuse(f, "has a header of an impossible length");
	return 0;
}

static int check_tables(const unsigned char *header, uint64_t file_size, uint64_t size,
			struct failure *f)
{
	uint32_t bits = get_32(header, AT_CLUSTER_BITS), entries = get_32(header, AT_L1_ENTRIES);
	uint64_t refcount_clusters = get_32(header, AT_REFCOUNT_CLUSTERS), needed;

	if (bits < 9 || bits > 21)
		return refuse(f, "has an impossible size of clusters");
	/* Each entry refers to a table that fills a cluster with entries of eight bytes. */
	needed = (size + (UINT64_C(1) << (2 * bits - 3)) - 1) >> (2 * bits - 3);
	if (entries > L1_ENTRIES_MAX || entries < needed)
		return refuse(f, "has a table of an impossible size");
	if (refcount_clusters << bits > REFCOUNT_BYTES_MAX ||
	    get_32(header, AT_SNAPSHOTS) > SNAPSHOTS_MAX)
		return refuse(f, "has a table of an impossible size");
	if (get_64(header, AT_L1_OFFSET) > file_size ||
	    get_64(header, AT_REFCOUNT_OFFSET) > file_size)
		return refuse(f, "is cut: a table is behind its end");
	return 0;
}

int qcow2_check(const unsigned char header[static QCOW2_HEADER_SIZE], uint64_t file_size,
		uint64_t size_max, uint64_t *virtual_size, struct failure *f)
{
	uint32_t version = get_32(header, AT_VERSION);
	uint64_t size = get_64(header, AT_SIZE);
	char text[BYTES_TEXT_SIZE], limit[BYTES_TEXT_SIZE];

	if (version != 2 && version != 3)
		return refuse(f, "is of a version that isn't known");
	if (file_size < VERSION_3_LENGTH)
		return refuse(f, "is cut");
	if (get_64(header, AT_BACKING_OFFSET))
		return refuse(f, "is the difference to another file, which isn't here; "
				 "qemu-img convert makes one that has all");
	if (get_32(header, AT_ENCRYPTION))
		return refuse(f, "is encrypted");
	if (version == 3 && check_version_3(header, f) < 0)
		return -1;
	if (names_data_file(header,
			    version == 3 ? get_32(header, AT_HEADER_LENGTH) : VERSION_2_LENGTH))
		return refuse(f, "has its data in another file, which isn't here");
	if (size == 0)
		return refuse(f, "is empty");
	if (size > size_max)
		return failure_set(
			f, FAILURE_INVALID,
			"the qcow2 disk has %s, more than %s; --size-max= sets the limit",
			bytes_format(size, text), bytes_format(size_max, limit));
	*virtual_size = size;
	return check_tables(header, file_size, size, f);
}

struct conversion {
	int source, target;
	uint64_t size;
};

static int set_limit(__rlimit_resource_t resource, uint64_t value)
{
	struct rlimit limit = { value, value };

	return setrlimit(resource, &limit);
}

static int run_converter(struct worker_channel *channel, void *data, struct failure *f)
{
	const struct conversion *c = data;
	char source[32], target[32];

	(void) channel;
	snprintf(source, sizeof source, "/proc/self/fd/%d", c->source);
	snprintf(target, sizeof target, "/proc/self/fd/%d", c->target);
	if (set_limit(RLIMIT_AS, MEMORY_MAX) < 0 || set_limit(RLIMIT_CPU, SECONDS_MAX) < 0 ||
	    set_limit(RLIMIT_FSIZE, c->size) < 0 || set_limit(RLIMIT_CORE, 0) < 0)
		return failure_errno(f, -errno, "cannot set limits");
	if (fcntl(c->source, F_SETFD, 0) < 0 || fcntl(c->target, F_SETFD, 0) < 0)
		return failure_errno(f, -errno, "cannot pass files");
	execlp("qemu-img", "qemu-img", "convert", "-f", "qcow2", "-O", "raw", source, target,
	       (char *) NULL);
	return failure_errno(f, -errno, "cannot execute qemu-img");
}

int qcow2_convert(int source, int target, uint64_t size_max, struct progress *progress,
		  struct progress_count *count, struct failure *f)
{
	unsigned char header[QCOW2_HEADER_SIZE] = { 0 };
	struct conversion conversion = { .source = source, .target = target };
	const struct worker worker = {
		.work = run_converter,
		.data = &conversion,
		.root = WORKER_HOST_ROOT,
		.fds = { source, target },
		.program = "qemu-img",
	};
	struct stat st;

	if (fstat(source, &st) < 0 || pread(source, header, sizeof header, 0) < 0)
		return failure_errno(f, -errno, "cannot read the qcow2 disk");
	if (qcow2_check(header, (uint64_t) st.st_size, size_max, &conversion.size, f) < 0)
		return -1;
	if (!program_is_installed("qemu-img"))
		return failure_set(f, FAILURE_NO_PROGRAM,
				   "converting a qcow2 disk needs qemu-img (Debian: qemu-utils)");
	return worker_run(&worker, progress, count, NULL, f);
}
