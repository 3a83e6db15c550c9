/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/file.h"

#include "base/file_identity.h"
#include "base/number.h"
#include "registry/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define OVERFLOW_UID 65534 /* user_namespaces(7), "Unmapped user and group IDs" */

/* Read a file of /proc into `text`, and end it with a NUL. Returns its length or a negative errno. */
static int read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int r;

	if (fd < 0)
		return -errno;
	n = pread(fd, text, size - 1, 0);
	r = n < 0 ? -errno : (int) n;
	close(fd);
	if (r >= 0)
		text[r] = '\0';
	return r;
}

/* The text form has dashes: random(4). */
static int read_boot_id(uint8_t id[static 16])
{
	char text[64];
	size_t digits = 0;
	int r = read_text("/proc/sys/kernel/random/boot_id", text, sizeof text);

	if (r < 0)
		return r;
	memset(id, 0, 16);
	for (const char *p = text; *p && digits < 32; p++) {
		int digit = hex_digit(*p);

		if (digit < 0)
			continue;
		id[digits / 2] = (uint8_t) (id[digits / 2] << 4 | digit);
		digits++;
	}
	return digits == 32 ? 0 : -EIO;
}

/*
 * Without a descriptor, of which the process may have none left. Where there is no /proc, -ENOSYS: to
 * callers, -ENOENT says that there is no registry, or no machine.
 */
static int read_namespace(const char *path, uint64_t *inode)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? -ENOSYS : -errno;
	*inode = st.st_ino;
	return 0;
}

static int read_namespaces(struct pid_context *context)
{
	int r = read_namespace("/proc/self/ns/pid", &context->pid_namespace);

	if (r < 0)
		return r;
	context->time_namespace = 0;
	r = read_namespace("/proc/self/ns/time", &context->time_namespace);
	/* Older kernels have none. */
	return r == -ENOSYS ? 0 : r;
}

bool file_is_at(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && is_same_file(&ours, &there);
}

int pid_context_read(struct pid_context *context)
{
	int r = read_boot_id(context->boot_id);

	return r < 0 ? r : read_namespaces(context);
}

int pid_context_check(const struct pid_context *context)
{
	struct pid_context mine = { 0 };
	int r = read_namespaces(&mine);

	if (r < 0)
		return r;
	return mine.pid_namespace == context->pid_namespace &&
			       mine.time_namespace == context->time_namespace
		       ? 0
		       : -EXDEV;
}

/*
 * The boot id that this process has read, in two halves; 0: none yet. With the
 * other small variables of a plug-in, so that no page is touched for it alone.
 */
static _Atomic uint64_t known_boot_id[2] __attribute__((section(".data")));

static bool is_known_boot_id(const uint64_t id[static 2])
{
	return (id[0] || id[1]) && known_boot_id[0] == id[0] && known_boot_id[1] == id[1];
}

static bool is_lack_of_resources(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM;
}

/*
 * 0, -ESTALE for a registry of an earlier boot, or the error that leaves it
 * open. Only a process in the writer's namespaces may call a registry stale:
 * the boot id that another one reads may be another, made up for a container.
 */
static int check_boot(const struct pid_context *context)
{
	uint64_t here[2], there[2];
	int r;

	memcpy(there, context->boot_id, sizeof there);
	if (is_known_boot_id(there))
		return 0;
	r = read_boot_id((uint8_t *) here);
	if (r < 0)
		return is_lack_of_resources(r) ? r : 0;
	known_boot_id[0] = here[0];
	known_boot_id[1] = here[1];
	return is_known_boot_id(there) || pid_context_check(context) < 0 ? 0 : -ESTALE;
}

/*
 * In a user namespace that doesn't map root, root's files seem to belong to the
 * overflow id. In one that maps every id, the overflow id is the user nobody.
 */
static bool owner_is_root(uid_t uid)
{
	char map[64];
	int r;

	if (uid != OVERFLOW_UID)
		return uid == 0;
	r = read_text("/proc/self/uid_map", map, sizeof map);
	return r > 0 && !strstr(map, " 4294967295\n");
}

uint64_t registry_mtime(const struct stat *st)
{
	return (uint64_t) st->st_mtim.tv_sec * 1000000000u + (uint64_t) st->st_mtim.tv_nsec;
}

bool registry_identity_equal(const struct registry_identity *a, const struct registry_identity *b)
{
	return a->generation == b->generation && a->inode == b->inode && a->device == b->device;
}

static int judge_file(const struct stat *st, struct registry_identity *identity)
{
	if (S_ISLNK(st->st_mode))
		return -ELOOP;
	if (!S_ISREG(st->st_mode))
		return -ENXIO;
	if (st->st_mode & (S_IWGRP | S_IWOTH) || !owner_is_root(st->st_uid))
		return -EPERM;
	*identity = (struct registry_identity){ st->st_dev, st->st_ino, registry_mtime(st) };
	return 0;
}

/* -EPERM is judge_file()'s alone. From the kernel it means that access was refused. */
static int refusal(int error)
{
	return error == EPERM ? -EACCES : -error;
}

int registry_stat(const char *path, struct registry_identity *identity)
{
	struct stat st;

	return lstat(path, &st) < 0 ? refusal(errno) : judge_file(&st, identity);
}

static int check_version(const struct registry_meta *meta)
{
	if (memcmp(meta->magic, REGISTRY_MAGIC, sizeof meta->magic) != 0)
		return -EUCLEAN;
	if (meta->byte_order == __builtin_bswap32(REGISTRY_BYTE_ORDER))
		return -EILSEQ;
	if (meta->byte_order != REGISTRY_BYTE_ORDER)
		return -EUCLEAN;
	if (meta->version != REGISTRY_FORMAT_VERSION)
		return -EPROTONOSUPPORT;
	return meta->word_size == 4 || meta->word_size == 8 ? 0 : -EUCLEAN;
}

/* A write after the publication changes the time, and a cut moves the end. */
static int check_whole(const struct registry_meta *meta, const struct stat *st)
{
	if (meta->file_size != (uint64_t) st->st_size || meta->generation != registry_mtime(st))
		return -EUCLEAN;
	if (meta->filter_size > FILTER_SIZE_MAX || meta->filter_size & (meta->filter_size - 1) ||
	    meta->pages_size > meta->file_size ||
	    meta->pages_size + meta->filter_size + sizeof *meta != meta->file_size)
		return -EUCLEAN;
	return 0;
}

static int read_exactly(int fd, void *to, size_t size, off_t at)
{
	ssize_t n = pread(fd, to, size, at);

	return n < 0 ? refusal(errno) : (size_t) n == size ? 0 : -EUCLEAN;
}

int registry_meta_read(int fd, const struct stat *st, struct registry_meta *meta)
{
	int r;

	if (st->st_size < (off_t) sizeof *meta)
		return -EUCLEAN;
	r = read_exactly(fd, meta, sizeof *meta, st->st_size - (off_t) sizeof *meta);
	if (r == 0)
		r = check_version(meta);
	if (r == 0)
		r = check_whole(meta, st);
	return r < 0 ? r : check_boot(&meta->context);
}

int registry_file_open_unread(const char *path, struct stat *st, struct registry_identity *identity)
{
	/* O_NONBLOCK, as it may be a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), r;

	if (fd < 0)
		return refusal(errno);
	r = fstat(fd, st) < 0 ? refusal(errno) : judge_file(st, identity);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int registry_file_open(const char *path, struct registry_meta *meta,
		       struct registry_identity *identity)
{
	struct stat st;
	int fd = registry_file_open_unread(path, &st, identity), r;

	if (fd < 0)
		return fd;
	r = registry_meta_read(fd, &st, meta);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int registry_filter_read(int fd, const struct registry_meta *meta, uint32_t at, void *to,
			 size_t size)
{
	return read_exactly(fd, to, size, (off_t) (meta->pages_size + at));
}

/*
 * An older writer copies bytes that it doesn't know: these are then of another
 * generation. That of another layout seals its own.
 */
static void copy_check(const struct registry_meta *meta, uint8_t check[static 3])
{
	const uint64_t value = meta->generation ^ REGISTRY_LAYOUT;

	check[0] = (uint8_t) value;
	check[1] = (uint8_t) (value >> 8);
	check[2] = (uint8_t) (value >> 16);
}

void registry_meta_seal(struct registry_meta *meta)
{
	copy_check(meta, meta->check);
}

bool registry_meta_has_roots(const struct registry_meta *meta)
{
	uint8_t check[3];

	copy_check(meta, check);
	return meta->page_shift >= 9 && meta->page_shift <= 16 &&
	       memcmp(check, meta->check, sizeof check) == 0;
}

uint64_t registry_ids_generation(const struct registry_meta *meta)
{
	return registry_meta_has_roots(meta) ? meta->ids_generation : meta->generation;
}
