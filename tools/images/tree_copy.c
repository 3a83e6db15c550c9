/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/tree_copy.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/quote.h"
#include "tools/images/file_copy.h"
#include "tools/images/file_flags.h"
#include "tools/images/link_table.h"
#include "tools/images/tree_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Each level takes three descriptors, and a process has 1024. */
#define DEPTH_MAX 256

/* Limits of the kernel: xattr(7). */
#define NAMES_SIZE (64 * 1024)
#define VALUE_SIZE (64 * 1024)

struct copying {
	struct arena arena;
	int top; /* of the copy */
	struct link_table links;
	struct file_identity left_out;
	struct tree_copy_watch watch;
	char path[PATH_MAX]; /* of the current entry, below the top; cut if it is longer */
	size_t length;
	size_t n_attributes_lost;
	char names[NAMES_SIZE];
	char value[VALUE_SIZE];
	struct failure *failure;
};

static int copy_failure(const struct copying *copying, int error, const char *what)
{
	char quoted[QUOTED_SIZE];

	return failure_errno(copying->failure, error, "cannot %s %s", what,
			     quote(copying->length ? copying->path : ".", quoted));
}

/* Returns the former length, to which leave() goes back. */
static size_t enter(struct copying *copying, const char *name)
{
	size_t former = copying->length;
	int n = snprintf(copying->path + former, sizeof copying->path - former, "%s%s",
			 former ? "/" : "", name);

	copying->length += (size_t) n;
	if (copying->length >= sizeof copying->path)
		copying->length = sizeof copying->path - 1;
	return former;
}

static void leave(struct copying *copying, size_t former)
{
	copying->length = former;
	copying->path[former] = 0;
}

/* Use the directory's descriptor, because only files and directories can be opened. */
#define ENTRY_PATH_SIZE (sizeof "/proc/self/fd//" + 10 + NAME_MAX)

/*
 * Of the source, each entry is opened first, and looked at and read by its descriptor: another file may
 * get its name meanwhile.
 */
#define DESCRIPTOR_PATH_SIZE (sizeof "/proc/self/fd/" + 10)

static void format_descriptor(char path[static DESCRIPTOR_PATH_SIZE], int fd)
{
	snprintf(path, DESCRIPTOR_PATH_SIZE, "/proc/self/fd/%d", fd);
}

static void format_entry(char path[static ENTRY_PATH_SIZE], int directory, const char *name)
{
	snprintf(path, ENTRY_PATH_SIZE, "/proc/self/fd/%d/%s", directory, name);
}

/* Whether an image is correct without this attribute. The host's policy sets labels. */
static bool is_dispensable(const char *name)
{
	return strncmp(name, "security.", 9) != 0 || strcmp(name, "security.selinux") == 0;
}

static int copy_attribute(struct copying *copying, const char *from, const char *to,
			  const char *name)
{
	ssize_t size = getxattr(from, name, copying->value, sizeof copying->value);

	if (size < 0)
		return errno == ENODATA ? 0 : copy_failure(copying, -errno, "read attributes of");
	if (lsetxattr(to, name, copying->value, (size_t) size, 0) == 0)
		return 0;
	if ((errno == EOPNOTSUPP || errno == EPERM) && is_dispensable(name)) {
		copying->n_attributes_lost++;
		return 0;
	}
	return copy_failure(copying, -errno, "set attributes of");
}

static int copy_attributes(struct copying *copying, const char *from, const char *to)
{
	ssize_t size = listxattr(from, copying->names, sizeof copying->names);

	if (size < 0)
		return errno == EOPNOTSUPP ? 0
					   : copy_failure(copying, -errno, "read attributes of");
	for (char *name = copying->names; name < copying->names + size; name += strlen(name) + 1)
		if (copy_attribute(copying, from, to, name) < 0)
			return -1;
	return 0;
}

/*
 * Copy everything about an entry except its contents. Capabilities come after the owner, because
 * chown(2) removes them, and times come last.
 */
static int copy_properties(struct copying *copying, const struct stat *st, int source,
			   int to_directory, const char *name)
{
	char from[DESCRIPTOR_PATH_SIZE], to[ENTRY_PATH_SIZE];
	const struct timespec times[] = { st->st_atim, st->st_mtim };

	format_descriptor(from, source);
	format_entry(to, to_directory, name);
	if (lchown(to, st->st_uid, st->st_gid) < 0)
		return copy_failure(copying, -errno, "set the owner of");
	if (!S_ISLNK(st->st_mode) && chmod(to, st->st_mode & 07777) < 0)
		return copy_failure(copying, -errno, "set the mode of");
	if (copy_attributes(copying, from, to) < 0)
		return -1;
	if (utimensat(AT_FDCWD, to, times, AT_SYMLINK_NOFOLLOW) < 0)
		return copy_failure(copying, -errno, "set the times of");
	return 0;
}

static int copy_link(int entry, int to, const char *name)
{
	char target[PATH_MAX];
	ssize_t size = readlinkat(entry, "", target, sizeof target - 1);

	if (size < 0)
		return -errno;
	target[size] = 0;
	return symlinkat(target, to, name) < 0 ? -errno : 0;
}

/* Set this flag before the file has data: blocks can be shared only if both files have it. */
static void copy_cow_flag(int from, int to)
{
	unsigned int flags = 0;

	if (file_flags_read(from, &flags) == 0 && flags & FS_NOCOW_FL)
		file_flags_change(to, FS_NOCOW_FL, flags);
}

/* 0, 1 if it has vanished, or -1. */
static int copy_file(struct copying *copying, const struct stat *st, int entry, int to,
		     const char *name)
{
	CLEANUP_CLOSE int source = -1, target = -1;
	char path[DESCRIPTOR_PATH_SIZE];
	int r;

	format_descriptor(path, entry);
	source = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	/* Some file systems don't open files that were removed meanwhile. */
	if (source < 0)
		return errno == ENOENT || errno == ESTALE ? 1
							  : copy_failure(copying, -errno, "open");
	target = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (target < 0)
		return copy_failure(copying, -errno, "make");
	copy_cow_flag(source, target);
	r = file_copy(source, target, (uint64_t) st->st_size);
	return r < 0 ? copy_failure(copying, r, "copy") : 0;
}

/* 0, 1 if it has vanished, or -1. */
static int copy_contents(struct copying *copying, const struct stat *st, int entry, int to,
			 const char *name)
{
	int r;

	switch (st->st_mode & S_IFMT) {
	case S_IFREG: return copy_file(copying, st, entry, to, name);
	case S_IFLNK: r = copy_link(entry, to, name); break;
	default: r = mknodat(to, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev) < 0 ? -errno : 0;
	}
	return r < 0 ? copy_failure(copying, r, "make") : 0;
}

/* If the file was copied before under another name, make a hard link. 1, 0 if not, or -1. */
static int copy_hard_link(struct copying *copying, const struct stat *st, int to, const char *name)
{
	const char *former;

	if (st->st_nlink < 2)
		return 0;
	former = link_table_find(&copying->links, file_identity_of(st));
	if (!former)
		return 0;
	if (linkat(copying->top, former, to, name, 0) < 0)
		return copy_failure(copying, -errno, "link");
	return 1;
}

static int copy_leaf(struct copying *copying, const struct stat *st, int entry, int to,
		     const char *name)
{
	int r = copy_hard_link(copying, st, to, name);

	if (r != 0)
		return r < 0 ? -1 : 0;
	r = copy_contents(copying, st, entry, to, name);
	if (r == 0)
		r = copy_properties(copying, st, entry, to, name);
	/* The path was cut, so a link isn't possible: copy the file again. */
	if (r == 0 && st->st_nlink > 1 && copying->length < sizeof copying->path - 1)
		link_table_add(&copying->links, &copying->arena, file_identity_of(st),
			       copying->path);
	return r < 0 ? -1 : 0;
}

static int copy_entries(struct copying *copying, int from, int to, int depth);

/* A descriptor, or -1 with a failure. */
static int make_directory(const struct copying *copying, int to, const char *name)
{
	int fd;

	if (mkdirat(to, name, 0700) < 0)
		return copy_failure(copying, -errno, "make");
	fd = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? copy_failure(copying, -errno, "open") : fd;
}

/* Open a directory; if something is mounted there, only to look at it. A descriptor or a negative errno. */
static int open_source(int from, const char *name, bool *is_mount)
{
	int fd = tree_walk_open(from, name);

	*is_mount = fd == -EXDEV;
	if (!*is_mount)
		return fd;
	/* O_DIRECTORY would have an automounter mount something. */
	fd = openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int copy_directory(struct copying *copying, int from, int to, const char *name, int depth)
{
	bool is_mount;
	CLEANUP_CLOSE int source = open_source(from, name, &is_mount), target = -1;
	struct stat st;

	if (source == -ENOENT || source == -ENOTDIR || source == -ELOOP)
		return 0;
	if (source < 0)
		return copy_failure(copying, source, "open");
	if (fstat(source, &st) < 0)
		return copy_failure(copying, -errno, "look at");
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (depth >= DEPTH_MAX) {
		char quoted[QUOTED_SIZE];

		return failure_set(copying->failure, FAILURE_INVALID,
				   "cannot copy %s: it is deeper than %d directories",
				   quote(copying->path, quoted), DEPTH_MAX);
	}
	target = make_directory(copying, to, name);
	if (target < 0)
		return -1;
	if (!is_mount && !file_identities_equal(file_identity_of(&st), copying->left_out) &&
	    copy_entries(copying, source, target, depth + 1) < 0)
		return -1;
	return copy_properties(copying, &st, source, to, name);
}

static int copy_entry(struct copying *copying, int from, int to, const char *name, int depth)
{
	size_t former = enter(copying, name);
	CLEANUP_CLOSE int entry = openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st = { 0 };
	int r = 0;

	if (entry < 0 || fstat(entry, &st) < 0) {
		r = errno == ENOENT ? 0 : copy_failure(copying, -errno, "look at");
	} else if (S_ISDIR(st.st_mode)) {
		/* Don't keep it open at each level. */
		close(entry);
		entry = -1;
		r = copy_directory(copying, from, to, name, depth);
	} else {
		r = copy_leaf(copying, &st, entry, to, name);
	}
	leave(copying, former);
	if (r == 0 && copying->watch.copied)
		r = copying->watch.copied(copying->watch.data,
					  S_ISREG(st.st_mode) ? (uint64_t) st.st_size : 0,
					  copying->failure);
	return r;
}

static int copy_entries(struct copying *copying, int from, int to, int depth)
{
	struct tree_walk walk;
	const char *name;
	int error = tree_walk_begin(&walk, from), r = 0;

	if (error < 0)
		return copy_failure(copying, error, "read");
	while (r == 0 && (name = tree_walk_next(&walk, &error)))
		r = copy_entry(copying, walk.fd, to, name, depth);
	if (r == 0 && error < 0)
		r = copy_failure(copying, error, "read");
	tree_walk_end(&walk);
	return r;
}

int tree_copy(int from, int to, struct file_identity left_out, struct tree_copy_watch watch,
	      struct notices *notices, struct failure *f)
{
	struct copying *copying = calloc(1, sizeof *copying);
	struct stat st;
	int r;

	if (!copying)
		return failure_errno(f, -ENOMEM, "cannot copy");
	copying->top = to;
	copying->left_out = left_out;
	copying->watch = watch;
	copying->failure = f;
	r = fstat(from, &st) < 0 ? copy_failure(copying, -errno, "look at")
				 : copy_entries(copying, from, to, 0);
	if (r == 0)
		r = copy_properties(copying, &st, from, to, ".");
	if (r == 0 && copying->n_attributes_lost)
		notices_add(notices, NOTICE_WARNING,
			    "%zu extended attributes could not be set here, and are left out",
			    copying->n_attributes_lost);
	arena_done(&copying->arena);
	free(copying);
	return r;
}
