/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/file.h"

#include "registry/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define OVERFLOW_UID 65534 /* user_namespaces(7), "Unmapped user and group IDs" */

/* Read a file of /proc into `text`, which gets a NUL. Returns its length, or a negative errno. */
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

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
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

static int read_namespace(const char *path, uint64_t *inode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else
		*inode = st.st_ino;
	close(fd);
	return r;
}

static int read_namespaces(struct registry_origin *origin)
{
	int r = read_namespace("/proc/self/ns/pid", &origin->pid_namespace);

	if (r < 0)
		return r;
	origin->time_namespace = 0;
	r = read_namespace("/proc/self/ns/time", &origin->time_namespace);
	return r == -ENOENT ? 0 : r;
}

bool file_is_at(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_ino == there.st_ino &&
	       ours.st_dev == there.st_dev;
}

int registry_origin_read(struct registry_origin *origin)
{
	int r = read_boot_id(origin->boot_id);

	return r < 0 ? r : read_namespaces(origin);
}

bool registry_origin_is_mine(const struct registry_origin *origin)
{
	struct registry_origin mine;

	return read_namespaces(&mine) == 0 && mine.pid_namespace == origin->pid_namespace &&
	       mine.time_namespace == origin->time_namespace;
}

/* Only a process that sees what the writer saw may call its registry stale. */
static bool is_of_earlier_boot(const struct registry_origin *origin)
{
	uint8_t boot_id[16];

	return read_boot_id(boot_id) == 0 && memcmp(boot_id, origin->boot_id, 16) != 0 &&
	       registry_origin_is_mine(origin);
}

/*
 * A user namespace that doesn't map root shows root's files as the overflow
 * id's. In one that maps every id it is a real user, nobody, who isn't root.
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

static int judge(const struct stat *st, struct registry_identity *identity)
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

/* -EPERM is the verdict of judge() alone; where the kernel says so, access was refused. */
static int refusal(int error)
{
	return error == EPERM ? -EACCES : -error;
}

int registry_stat(const char *path, struct registry_identity *identity)
{
	struct stat st;

	return lstat(path, &st) < 0 ? refusal(errno) : judge(&st, identity);
}

int registry_fstat(int fd, struct registry_identity *identity)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? refusal(errno) : judge(&st, identity);
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
	return meta->word_size == sizeof(size_t) ? 0 : -EILSEQ;
}

/* A write after the publication moves the time, and a cut the end: LMDB never sees either. */
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

static int read_meta(int fd, struct registry_meta *meta, struct registry_identity *identity,
		     uint8_t *filter)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return refusal(errno);
	r = judge(&st, identity);
	if (r < 0)
		return r;
	if (st.st_size < (off_t) sizeof *meta)
		return -EUCLEAN;
	r = read_exactly(fd, meta, sizeof *meta, st.st_size - (off_t) sizeof *meta);
	if (r < 0)
		return r;
	r = check_version(meta);
	if (r < 0)
		return r;
	r = check_whole(meta, &st);
	if (r < 0 || !filter || !meta->filter_size)
		return r;
	return read_exactly(fd, filter, meta->filter_size, (off_t) meta->pages_size);
}

int registry_read_meta(const char *path, struct registry_meta *meta,
		       struct registry_identity *identity, uint8_t *filter)
{
	/* O_NONBLOCK, for it may be a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), r;

	if (fd < 0)
		return refusal(errno);
	r = read_meta(fd, meta, identity, filter);
	close(fd);
	return r < 0 ? r : is_of_earlier_boot(&meta->origin) ? -ESTALE : 0;
}
