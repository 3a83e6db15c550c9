/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/copy_source.h"

#include "base/array_size.h"
#include "base/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/xattr.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

/* Bound on the names of an inode's attributes: a stranger's file system may invent any number. */
#define ATTRIBUTES_MAX ((size_t) XATTR_LIST_MAX)

struct walk {
	const struct copy_source *source;
	struct copy_stream *stream;
	bool is_partial; /* something was left out */
	char names[ATTRIBUTES_MAX];
	char buffer[COPY_PAYLOAD_MAX];
};

static int send_entry(struct walk *w, struct copy_entry *entry, const void *payload, size_t length)
{
	if (w->source->translate)
		w->source->translate(entry, w->source->argument);
	return copy_send(w->stream, entry, payload, length);
}

static int report(struct walk *w, const char *text, bool is_left_out)
{
	struct copy_entry entry = { .kind = COPY_NOTICE, .offset = is_left_out };

	w->is_partial |= is_left_out;
	if (!w->source->report)
		return copy_send(w->stream, &entry, text, strlen(text));
	w->source->report(w->source->report_data, text);
	return 0;
}

/* Report that the current entry can't be copied. 0 to go on with the next, or -1. */
static int leave_out(struct walk *w, const char *what, int error)
{
	char text[PATH_MAX + 256];

	snprintf(text, sizeof text, "%s: %s%s%s", w->stream->path, what, error ? ": " : "",
		 error ? strerror(error) : "");
	return report(w, text, true);
}

/* Report an entry of a type that is never copied. The copy is complete without it. */
static int skip_type(struct walk *w, const char *what)
{
	char text[PATH_MAX + 256];

	snprintf(text, sizeof text, "%s: is %s, which isn't copied", w->stream->path, what);
	return report(w, text, false);
}

/* Only user attributes. Others belong to the file system or a security module, and mean nothing elsewhere. */
static int send_attributes(struct walk *w, int fd)
{
	ssize_t size = flistxattr(fd, w->names, sizeof w->names - 1);

	w->names[size > 0 ? size : 0] = '\0';
	for (const char *name = w->names; name < w->names + size; name += strlen(name) + 1) {
		struct copy_entry entry = { .kind = COPY_ATTRIBUTE };
		size_t length = strlen(name) + 1;
		ssize_t n;

		if (strncmp(name, XATTR_USER_PREFIX, XATTR_USER_PREFIX_LEN) != 0 ||
		    length > XATTR_NAME_MAX + 1)
			continue;
		memcpy(w->buffer, name, length);
		n = fgetxattr(fd, name, w->buffer + length, XATTR_SIZE_MAX);
		if (n >= 0 && send_entry(w, &entry, w->buffer, length + (size_t) n) < 0)
			return -1;
	}
	return 0;
}

/* Move to the data at or after this offset; `end` is where they end. False if there are no more. */
static bool find_data(int fd, off_t *offset, off_t *end)
{
	off_t data = lseek(fd, *offset, SEEK_DATA);

	if (data < 0 && errno == ENXIO)
		return false;
	/* A file system that doesn't know of holes has none. One that goes backwards isn't believed. */
	if (data < *offset)
		return true;
	*offset = data;
	data = lseek(fd, *offset, SEEK_HOLE);
	if (data > *offset && data < *end)
		*end = data;
	return true;
}

/* Send the bytes up to `end`, or to the end of the file. 0; 1 if reading fails; or -1. */
static int send_range(struct walk *w, int fd, off_t *offset, off_t end)
{
	while (*offset < end) {
		size_t room = sizeof w->buffer;
		struct copy_entry entry = { .kind = COPY_DATA, .offset = (uint64_t) *offset };
		ssize_t n;

		if ((uint64_t) (end - *offset) < room)
			room = (size_t) (end - *offset);
		n = pread(fd, w->buffer, room, *offset);
		if (n < 0)
			return 1;
		if (n == 0)
			return 0;
		if (copy_send(w->stream, &entry, w->buffer, (size_t) n) < 0)
			return -1;
		*offset += n;
	}
	return 0;
}

/*
 * Send as much as the file has now, so that this ends even if a process goes on writing. Files of
 * the kernel's have the size 0 and contents all the same.
 */
static int send_data(struct walk *w, int fd, const struct stat *st, off_t *size)
{
	off_t limit = st->st_size > 0 ? st->st_size : INT64_MAX, offset = 0;

	*size = st->st_size;
	while (offset < limit) {
		off_t end = limit, before;
		int r;

		if (st->st_size > 0 && !find_data(fd, &offset, &end))
			break;
		before = offset;
		r = send_range(w, fd, &offset, end);
		if (r != 0)
			return r;
		if (offset < end || offset == before) {
			*size = offset;
			break;
		}
	}
	return 0;
}

static int send_file_content(struct walk *w, int fd, const struct stat *st)
{
	struct copy_entry end = copy_entry_of(COPY_END, st);
	off_t size = 0;
	int r = send_attributes(w, fd);

	if (r == 0)
		r = send_data(w, fd, st, &size);
	if (r == 1) {
		struct copy_entry abandon = { .kind = COPY_ABANDON };

		r = leave_out(w, "cannot read it", errno);
		return r < 0 ? r : copy_send(w->stream, &abandon, NULL, 0);
	}
	if (r < 0)
		return r;
	end.offset = (uint64_t) size;
	return send_entry(w, &end, NULL, 0);
}

static int send_file(struct walk *w, int directory, const char *name)
{
	/* It may have been replaced by a link, FIFO or device since we looked. */
	CLEANUP_CLOSE int fd =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct copy_entry begin = { .kind = COPY_FILE };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return leave_out(w, "cannot open it", errno);
	if (!S_ISREG(st.st_mode))
		return leave_out(w, "was replaced while it was copied", 0);
	begin.offset = (uint64_t) st.st_size;
	if (copy_send(w->stream, &begin, name, strlen(name)) < 0)
		return -1;
	return send_file_content(w, fd, &st);
}

static int send_link(struct walk *w, int directory, const char *name, const struct stat *st)
{
	struct copy_entry entry = copy_entry_of(COPY_LINK, st);
	size_t length = strlen(name) + 1;
	ssize_t n;

	memcpy(w->buffer, name, length);
	n = readlinkat(directory, name, w->buffer + length, PATH_MAX);
	if (n < 0 || n == PATH_MAX)
		return leave_out(w, "cannot read the link", n < 0 ? errno : ENAMETOOLONG);
	return send_entry(w, &entry, w->buffer, length + (size_t) n);
}

static int send_directory(struct walk *w, int directory, const char *name, dev_t device, int depth);

static int send_one(struct walk *w, int directory, const char *name, dev_t device, int depth)
{
	struct copy_entry fifo;
	struct stat st;

	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return leave_out(w, "cannot look at it", errno);
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR: return send_directory(w, directory, name, device, depth);
	case S_IFREG: return send_file(w, directory, name);
	case S_IFLNK: return send_link(w, directory, name, &st);
	case S_IFIFO:
		fifo = copy_entry_of(COPY_FIFO, &st);
		return send_entry(w, &fifo, name, strlen(name));
	case S_IFSOCK: return skip_type(w, "a socket");
	/* A device node gives access to the same device anywhere, perhaps to somebody who has none here. */
	default: return skip_type(w, "a device");
	}
}

/* Whether it is a file system whose files the kernel makes up, some without an end. */
static bool is_kernel_file_system(int fd)
{
	static const long types[] = { PROC_SUPER_MAGIC,	   SYSFS_MAGIC,	  CGROUP_SUPER_MAGIC,
				      CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
				      SECURITYFS_MAGIC,	   BPF_FS_MAGIC,  DEVPTS_SUPER_MAGIC };
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((uint32_t) fs.f_type == (uint32_t) types[i])
			return true;
	return false;
}

static int send_contents(struct walk *w, int fd, dev_t device, int depth)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0), r = 0;
	DIR *entries = own < 0 ? NULL : fdopendir(own);
	struct dirent *e;

	if (!entries) {
		if (own >= 0)
			close(own);
		return leave_out(w, "cannot read it", errno);
	}
	while (r == 0 && (errno = 0, e = readdir(entries))) {
		size_t length;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		length = copy_path_enter(w->stream, e->d_name);
		r = copy_name_is_valid(e->d_name) ? send_one(w, fd, e->d_name, device, depth)
						  : leave_out(w, "has an invalid name", 0);
		copy_path_leave(w->stream, length);
	}
	if (r == 0 && errno)
		r = leave_out(w, "cannot read all of it", errno);
	closedir(entries);
	return r;
}

static int send_directory(struct walk *w, int directory, const char *name, dev_t device, int depth)
{
	CLEANUP_CLOSE int fd = openat(directory, *name ? name : ".",
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct copy_entry begin = { .kind = COPY_DIRECTORY }, end;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return leave_out(w, "cannot open it", errno);
	if (depth == COPY_DEPTH_MAX)
		return leave_out(w, "is too deep", 0);
	if (copy_send(w->stream, &begin, name, strlen(name)) < 0 || send_attributes(w, fd) < 0)
		return -1;
	if (depth > 0 && st.st_dev != device && is_kernel_file_system(fd))
		r = skip_type(w, "a file system of the kernel's");
	else
		r = send_contents(w, fd, st.st_dev, depth + 1);
	if (r < 0)
		return r;
	end = copy_entry_of(COPY_END, &st);
	return send_entry(w, &end, NULL, 0);
}

int copy_source_check(const struct copy_place *place)
{
	struct stat st;

	if (!*place->name)
		return 0;
	if (fstatat(place->directory, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISSOCK(st.st_mode) || S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		return -EOPNOTSUPP;
	return 0;
}

int copy_source_run(struct copy_source *source, const struct copy_place *place)
{
	CLEANUP_FREE struct walk *w = malloc(sizeof *w);
	struct copy_entry done = { .kind = COPY_DONE };
	int r;

	if (!w)
		return copy_fail(source->stream, ENOMEM, "cannot copy");
	w->source = source;
	w->stream = source->stream;
	w->is_partial = false;
	if (*place->name)
		r = send_one(w, place->directory, place->name, 0, 0);
	else
		r = send_directory(w, place->directory, "", 0, 0);
	if (r == 0)
		r = copy_send(w->stream, &done, NULL, 0);
	if (r < 0)
		return r;
	return w->is_partial;
}
