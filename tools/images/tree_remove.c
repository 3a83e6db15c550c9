/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/tree_remove.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "tools/images/file_flags.h"
#include "tools/images/subvolume.h"
#include "tools/images/tree_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Each level takes a descriptor and some stack. Deeper directories are moved to the top of the
 * tree, and removed there.
 */
#define DEPTH_MAX 100

/* How many times a directory may get new entries while it is being emptied. */
#define PASSES_MAX 1000

struct removal {
	int top; /* the directory at the top of the tree */
	unsigned int n_moved;
	struct failure *failure;
};

static int remove_at(struct removal *removal, int directory, const char *name, int depth);

static int removal_failure(struct removal *removal, int error, const char *name)
{
	char quoted[QUOTED_SIZE];

	return failure_errno(removal->failure, error, "cannot remove %s", quote(name, quoted));
}

/* Make an open file, or the entries of an open directory, removable. */
static void make_removable(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && is_subvolume(fd, &st))
		subvolume_set_read_only(fd, false);
	file_flags_change(fd, FS_IMMUTABLE_FL | FS_APPEND_FL, 0);
}

/* Open only regular files: opening other kinds may have effects. */
static void make_file_removable(int directory, const char *name)
{
	CLEANUP_CLOSE int fd = -1;
	struct stat st;

	make_removable(directory);
	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return;
	fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		make_removable(fd);
}

/* Remove something that is not a directory. 0, -EISDIR if it is one, or another negative errno. */
static int remove_file(int directory, const char *name)
{
	struct stat st;

	if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EPERM && errno != EACCES)
		return -errno;
	/* Also a directory with flags. */
	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return -EISDIR;
	make_file_removable(directory, name);
	return unlinkat(directory, name, 0) == 0 || errno == ENOENT ? 0 : -errno;
}

/* Remove all entries that are there now. `found` becomes whether there were any. */
static int empty_once(struct removal *removal, int fd, int depth, bool *found)
{
	struct tree_walk walk;
	const char *name;
	int error = tree_walk_begin(&walk, fd), r = 0;

	*found = false;
	if (error < 0)
		return removal_failure(removal, error, "the entries of a directory");
	while (r == 0 && (name = tree_walk_next(&walk, &error))) {
		*found = true;
		r = remove_at(removal, walk.fd, name, depth);
	}
	if (r == 0 && error < 0)
		r = removal_failure(removal, error, "the entries of a directory");
	tree_walk_end(&walk);
	return r;
}

static int empty(struct removal *removal, int fd, int depth)
{
	bool found = true;

	for (int pass = 0; found && pass < PASSES_MAX; pass++)
		if (empty_once(removal, fd, depth, &found) < 0)
			return -1;
	return 0;
}

/* Move a directory that is too deep to the top of the tree. The top is emptied until it is empty. */
static int move_up(struct removal *removal, int directory, const char *name)
{
	char moved[sizeof ".#deep-" + 10];

	for (;;) {
		sprintf(moved, ".#deep-%u", removal->n_moved++);
		if (syscall(SYS_renameat2, directory, name, removal->top, moved,
			    RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST || removal->n_moved == UINT_MAX)
			return removal_failure(removal, -errno, name);
	}
}

static int remove_directory(struct removal *removal, int directory, const char *name, int depth)
{
	CLEANUP_CLOSE int fd = tree_walk_open(directory, name);
	struct removal below = *removal;
	struct stat st;
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd == -EXDEV)
		return failure_set(removal->failure, FAILURE_BUSY,
				   "a file system is mounted at %s in it: unmount it first", name);
	if (fd < 0)
		return removal_failure(removal, fd, name);
	make_removable(fd);
	/* Remove the whole subvolume at once, if it contains no other. */
	if (fstat(fd, &st) == 0 && is_subvolume(fd, &st) && subvolume_remove(directory, name) == 0)
		return 0;
	if (depth >= DEPTH_MAX)
		return move_up(removal, directory, name);
	below.top = removal->top < 0 ? fd : removal->top;
	r = empty(&below, fd, depth + 1);
	removal->n_moved = below.n_moved;
	if (r < 0)
		return -1;
	if (unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	make_removable(directory);
	if (unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return removal_failure(removal, -errno, name);
}

static int remove_at(struct removal *removal, int directory, const char *name, int depth)
{
	int r = remove_file(directory, name);

	if (r == -EISDIR)
		return remove_directory(removal, directory, name, depth);
	return r < 0 ? removal_failure(removal, r, name) : 0;
}

int tree_remove(int directory, const char *name, struct failure *f)
{
	struct removal removal = { .top = -1, .failure = f };

	return remove_at(&removal, directory, name, 0);
}
