/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/trusted_file.h"

#include "base/cleanup.h"
#include "base/file_identity.h"
#include "base/input.h"
#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/xattr.h>
#include <unistd.h>

/* As the kernel does: path_resolution(7). */
#define LINKS_MAX 40

/* A regular file is read at once. */
#define READ_MILLISECONDS 1000

static bool is_trusted_owner(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* Whether others can exchange entries of the directory, or only their own. */
static bool is_writable_by_others(const struct stat *st)
{
	return st->st_mode & S_IWOTH;
}

static int path_failure(struct failure *f, const char *what, const char *path, int error)
{
	char quoted[QUOTED_SIZE];

	if ((error == -EACCES || error == -EPERM) && geteuid() != 0)
		return failure_set(f, FAILURE_NOT_PERMITTED, "cannot %s %s: %s (this needs root)",
				   what, quote(path, quoted), strerror(-error));
	if (error == -EPERM)
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "cannot %s %s: %s (lsattr shows whether it is immutable)", what,
				   quote(path, quoted), strerror(-error));
	if (error == -EBUSY)
		return failure_set(f, FAILURE_BUSY,
				   "cannot %s %s: %s (something is mounted over it)", what,
				   quote(path, quoted), strerror(-error));
	return failure_errno(f, error, "cannot %s %s", what, quote(path, quoted));
}

static int owner_failure(struct failure *f, const char *path, const char *name,
			 const struct stat *st)
{
	char quoted_path[QUOTED_SIZE], quoted_name[QUOTED_SIZE];

	if (is_trusted_owner(st->st_uid))
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "%s: everybody may write to directory '%s', so it isn't safe "
				   "to edit files there",
				   quote(path, quoted_path), quote(name, quoted_name));
	return failure_set(f, FAILURE_NOT_PERMITTED,
			   "%s: '%s' belongs to user %u, so only that user can edit this safely",
			   quote(path, quoted_path), quote(name, quoted_name),
			   (unsigned int) st->st_uid);
}

/* A path that is being followed. */
struct walk {
	struct arena *arena;
	const char *path; /* the whole, for messages */
	unsigned int flags;
	int directory;	  /* that has been reached */
	const char *rest; /* what is still to follow */
	unsigned int links;
	size_t behind_link; /* the length of what is still to follow behind a link's target */
};

enum step {
	STEP_FAILED,
	STEP_TAKEN,
	STEP_AT_END,	   /* the next component is the last, and is not a link to follow */
	STEP_NO_DIRECTORY, /* there is none of the component's name */
};

static int walk_failure(const struct walk *walk, struct failure *f)
{
	return path_failure(f, walk->flags & TRUSTED_FILE_MAKE_DIRECTORIES ? "write" : "read",
			    walk->path, -errno);
}

/* Take over the descriptor as the directory, if it is trusted. */
static int enter_directory(struct walk *walk, int fd, const char *name, struct failure *f)
{
	struct stat st;

	if (walk->directory >= 0)
		close(walk->directory);
	walk->directory = fd;
	if (fd < 0 || fstat(fd, &st) < 0)
		return walk_failure(walk, f);
	if (!is_trusted_owner(st.st_uid) || (is_writable_by_others(&st) && !(st.st_mode & S_ISVTX)))
		return owner_failure(f, walk->path, name, &st);
	return 0;
}

/* Begin at the root or at the working directory. */
static int enter_start(struct walk *walk, struct failure *f)
{
	const char *start = *walk->rest == '/' ? "/" : ".";

	return enter_directory(walk, open(start, O_PATH | O_DIRECTORY | O_CLOEXEC), start, f);
}

/* Continue with the target of the symbolic link that is open as `fd`. */
static int follow_link(struct walk *walk, int fd, const char *name, const struct stat *st,
		       const char *rest, struct failure *f)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(fd, "", target, sizeof target - 1);

	if (!is_trusted_owner(st->st_uid))
		return owner_failure(f, walk->path, name, st);
	if (++walk->links > LINKS_MAX) {
		length = -1;
		errno = ELOOP;
	}
	if (length < 0)
		return walk_failure(walk, f);
	target[length] = '\0';
	if (strlen(rest) < walk->behind_link)
		walk->behind_link = strlen(rest);
	walk->rest = arena_printf(walk->arena, "%s%s%s", target, *rest ? "/" : "", rest);
	return *target == '/' ? enter_start(walk, f) : 0;
}

/*
 * Whether a missing component is the target of a link. It isn't made: the file system that has it
 * may not be mounted, or the program that writes it has not run yet.
 */
static bool is_dangling(const struct walk *walk, const char *rest)
{
	return walk->flags & TRUSTED_FILE_MAKE_DIRECTORIES && strlen(rest) >= walk->behind_link;
}

/* Open a component as it is, and make it if it is missing and should be a directory. */
static int open_component(const struct walk *walk, const char *name, const char *rest)
{
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(walk->directory, name, flags);

	if (fd >= 0 || errno != ENOENT || !*rest ||
	    !(walk->flags & TRUSTED_FILE_MAKE_DIRECTORIES) || is_dangling(walk, rest))
		return fd;
	return mkdirat(walk->directory, name, 0755) < 0 ? -1 : openat(walk->directory, name, flags);
}

static enum step take_step(struct walk *walk, const char **name, struct failure *f)
{
	const char *begin = walk->rest + strspn(walk->rest, "/");
	const char *end = begin + strcspn(begin, "/"), *rest = end + strspn(end, "/");
	CLEANUP_CLOSE int fd = -1;
	bool is_last = !*rest;
	char quoted[QUOTED_SIZE];
	struct stat st;
	int directory;

	*name = arena_printf(walk->arena, "%.*s", (int) (end - begin), begin);
	fd = open_component(walk, *name, rest);
	if (fd < 0 && errno == ENOENT && is_dangling(walk, rest)) {
		failure_set(f, FAILURE_NO_SUCH_FILE,
			    "cannot write %s: it, or a directory of it, is a link to what doesn't "
			    "exist",
			    quote(walk->path, quoted));
		return STEP_FAILED;
	}
	if (fd < 0 && errno == ENOENT)
		return is_last ? STEP_AT_END : STEP_NO_DIRECTORY;
	if (fd < 0 || fstat(fd, &st) < 0) {
		walk_failure(walk, f);
		return STEP_FAILED;
	}
	if (S_ISLNK(st.st_mode) && !(is_last && walk->flags & TRUSTED_FILE_KEEP_LINK))
		return follow_link(walk, fd, *name, &st, rest, f) < 0 ? STEP_FAILED : STEP_TAKEN;
	if (is_last)
		return STEP_AT_END;
	if (!S_ISDIR(st.st_mode))
		return STEP_NO_DIRECTORY;
	walk->rest = rest;
	directory = fd;
	fd = -1;
	return enter_directory(walk, directory, *name, f) < 0 ? STEP_FAILED : STEP_TAKEN;
}

/* Open the file in the directory, which must be a regular one of the caller's or root's. */
static int open_file(struct trusted_file *file, struct failure *f)
{
	char quoted[QUOTED_SIZE];
	struct stat directory;

	file->fd = openat(file->directory, file->name,
			  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file->fd < 0 && errno == ENOENT)
		return 0;
	if (file->fd < 0 || fstat(file->fd, &file->stat) < 0 ||
	    fstat(file->directory, &directory) < 0)
		return path_failure(f, "read", file->path, -errno);
	if (!S_ISREG(file->stat.st_mode))
		return failure_set(f, FAILURE_INVALID, "cannot read %s: not a regular file",
				   quote(file->path, quoted));
	if (!is_trusted_owner(file->stat.st_uid))
		return owner_failure(f, file->path, file->name, &file->stat);
	/* Somebody may have linked root's file into a directory such as /tmp, or a group's. */
	if (directory.st_mode & (S_IWGRP | S_IWOTH) && file->stat.st_nlink > 1)
		return failure_set(f, FAILURE_NOT_PERMITTED,
				   "%s: it has another name elsewhere, and others may write to "
				   "its directory, so it isn't safe to edit",
				   quote(file->path, quoted));
	return 0;
}

int trusted_file_open(struct trusted_file *file, struct arena *arena, const char *path,
		      unsigned int flags, struct failure *f)
{
	struct walk walk = { .arena = arena, .path = path, .flags = flags };
	enum step step = STEP_TAKEN;

	walk.directory = -1;
	walk.rest = path;
	walk.behind_link = SIZE_MAX;
	*file = (struct trusted_file){ .path = path, .directory = -1, .fd = -1 };
	if (enter_start(&walk, f) < 0)
		step = STEP_FAILED;
	while (step == STEP_TAKEN)
		step = take_step(&walk, &file->name, f);
	if (step == STEP_AT_END) {
		file->directory = walk.directory;
		return flags & TRUSTED_FILE_KEEP_LINK ? 0 : open_file(file, f);
	}
	if (walk.directory >= 0)
		close(walk.directory);
	return step == STEP_NO_DIRECTORY ? 0 : -1;
}

int trusted_file_read(struct trusted_file *file, struct arena *arena, char **text,
		      struct failure *f)
{
	char quoted[QUOTED_SIZE];
	size_t size;
	int r;

	*text = NULL;
	if (file->fd < 0)
		return 0;
	r = input_read(arena, file->fd, READ_MILLISECONDS, text, &size);
	if (r < 0)
		return path_failure(f, "read", file->path, r);
	if (strlen(*text) != size)
		return failure_set(f, FAILURE_INVALID,
				   "cannot read %s: it contains a NUL, so it is not text",
				   quote(file->path, quoted));
	return 0;
}

/* Copy one attribute. The kernel or its security module sets those of its own. */
static int copy_attribute(int from, int to, const char *name)
{
	ssize_t size = fgetxattr(from, name, NULL, 0);
	CLEANUP_FREE char *value = size >= 0 ? malloc((size_t) size + 1) : NULL;

	if (!value)
		return size < 0 ? -errno : -ENOMEM;
	size = fgetxattr(from, name, value, (size_t) size);
	if (size >= 0 && fsetxattr(to, name, value, (size_t) size, 0) == 0)
		return 0;
	return strncmp(name, "security.", strlen("security.")) == 0 ? 0 : -errno;
}

/* Set `names` to the names of all attributes, a NUL behind each: xattr(7). Returns their size or a negative errno. */
static ssize_t list_attributes(int fd, char **names)
{
	ssize_t size = flistxattr(fd, NULL, 0);

	*names = NULL;
	if (size <= 0)
		return size == 0 || errno == ENOTSUP ? 0 : -errno;
	*names = malloc((size_t) size);
	if (!*names)
		return -ENOMEM;
	size = flistxattr(fd, *names, (size_t) size);
	return size < 0 ? -errno : size;
}

/*
 * Remove an attribute that the other file hasn't. Access lists are in "system."; others, such as
 * a file system's own, may have to stay.
 */
static int remove_other_attribute(int like, int fd, const char *name)
{
	if (fgetxattr(like, name, NULL, 0) >= 0 || fremovexattr(fd, name) == 0)
		return 0;
	return strncmp(name, "system.", strlen("system.")) == 0 ? -errno : 0;
}

/* Do this with each attribute that `of` has. 0 or a negative errno. */
static int act_on_attributes(int of, int from, int to,
			     int (*act)(int from, int to, const char *name))
{
	CLEANUP_FREE char *names = NULL;
	ssize_t size = list_attributes(of, &names);
	int r = size < 0 ? (int) size : 0;

	for (char *name = names; r == 0 && name < names + size; name += strlen(name) + 1)
		r = act(from, to, name);
	return r;
}

/*
 * Access lists, labels and others. A new file may have attributes already: the default access list of
 * its directory, acl(5).
 */
static int copy_attributes(int from, int to)
{
	int r = act_on_attributes(to, from, to, remove_other_attribute);

	return r < 0 ? r : act_on_attributes(from, from, to, copy_attribute);
}

/* An executable file may have become one that isn't, by chmod -x or a copy. */
static mode_t add_execution(mode_t old, mode_t new)
{
	return old & 0111 ? old : old | (old >> 2 & new & 0111);
}

static int copy_owner_and_mode(int fd, const struct trusted_file *like, mode_t mode)
{
	int r;

	if (like->fd < 0)
		return fchmod(fd, mode) < 0 ? -errno : 0;
	if (fchown(fd, like->stat.st_uid, like->stat.st_gid) < 0)
		return -errno;
	r = copy_attributes(like->fd, fd);
	if (r < 0)
		return r;
	return fchmod(fd, add_execution(like->stat.st_mode & 0777, mode)) < 0 ? -errno : 0;
}

static int write_text(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			text += written;
			length -= (size_t) written;
		}
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* Sync the directory, so that the new name survives a crash as well as the file. */
static void sync_directory(int directory)
{
	CLEANUP_CLOSE int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		fsync(fd);
}

/*
 * The temporary file is hidden and can't be executed: runtimes run every
 * executable file in their directories of hooks.
 */
static int open_temporary(const struct trusted_file *file, char name[static NAME_MAX + 1])
{
	uint64_t random;
	int fd;

	do {
		if (getrandom(&random, sizeof random, 0) != sizeof random)
			return -EIO;
		snprintf(name, NAME_MAX + 1, ".%.200s.%016llx", file->name,
			 (unsigned long long) random);
		fd = openat(file->directory, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	} while (fd < 0 && errno == EEXIST);
	return fd < 0 ? -errno : fd;
}

/*
 * Whether chattr(1) has given the file or its directory an attribute that keeps the file from being replaced or
 * removed. A failure names it. File systems without them have none.
 */
static int check_attributes(const struct trusted_file *file, const char *what, struct failure *f)
{
	char quoted[QUOTED_SIZE];

	for (int i = 0; i < 2; i++) {
		const char *letter;
		struct statx st;

		if (statx(file->directory, i ? "" : file->name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
			  0, &st) < 0)
			continue;
		letter = st.stx_attributes & STATX_ATTR_IMMUTABLE ? "i"
			 : st.stx_attributes & STATX_ATTR_APPEND  ? "a"
								  : NULL;
		if (letter)
			return failure_set(f, FAILURE_NOT_PERMITTED,
					   "cannot %s %s: %s has the attribute %s; take it "
					   "away first by chattr -%s",
					   what, quote(file->path, quoted),
					   i ? "its directory" : "it",
					   *letter == 'i' ? "immutable" : "append-only", letter);
	}
	return 0;
}

static int replace_file(struct trusted_file *file, const char *text,
			const struct trusted_file *like, mode_t mode)
{
	char name[NAME_MAX + 1];
	CLEANUP_CLOSE int fd = -1;
	int r;

	if (file->directory < 0)
		return -ENOENT;
	fd = open_temporary(file, name);
	if (fd < 0)
		return fd;
	r = write_text(fd, text);
	if (r == 0)
		r = copy_owner_and_mode(fd, like, mode);
	if (r == 0 && renameat(file->directory, name, file->directory, file->name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(file->directory, name, 0);
	else
		sync_directory(file->directory);
	return r;
}

int trusted_file_replace(struct trusted_file *file, const char *text,
			 const struct trusted_file *like, mode_t mode, struct failure *f)
{
	int r;

	if (file->directory >= 0 && check_attributes(file, "write", f) < 0)
		return -1;
	r = replace_file(file, text, like, mode);
	return r < 0 ? path_failure(f, "write", file->path, r) : 0;
}

int trusted_file_remove(struct trusted_file *file, struct failure *f)
{
	if (file->directory < 0)
		return 0;
	if (unlinkat(file->directory, file->name, 0) < 0) {
		int error = -errno;

		if (error == -ENOENT || check_attributes(file, "remove", f) < 0)
			return error == -ENOENT ? 0 : -1;
		return path_failure(f, "remove", file->path, error);
	}
	sync_directory(file->directory);
	return 0;
}

void trusted_file_remove_directory(const struct trusted_file *file)
{
	const char *end = strrchr(file->path, '/'), *begin = end;
	CLEANUP_CLOSE int parent = -1;
	char name[NAME_MAX + 1];
	struct stat st, named;

	while (begin && begin > file->path && begin[-1] != '/')
		begin--;
	if (!end || begin == end || (size_t) (end - begin) >= sizeof name)
		return;
	snprintf(name, sizeof name, "%.*s", (int) (end - begin), begin);
	parent = openat(file->directory, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* The path may lead there by a link of another name. One that isn't as setup makes it is somebody else's. */
	if (parent >= 0 && fstat(file->directory, &st) == 0 && st.st_uid == 0 && st.st_gid == 0 &&
	    (st.st_mode & 07777) == 0755 &&
	    fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && is_same_file(&st, &named))
		(void) !unlinkat(parent, name, AT_REMOVEDIR);
}

void trusted_file_close(struct trusted_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	if (file->directory >= 0)
		close(file->directory);
	file->fd = file->directory = -1;
}
