/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/lift.h"

#include "base/cleanup.h"
#include "tools/import/attributes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The name of the single directory meanwhile: it may contain an entry of the same name. */
#define ASIDE ".#lifted"

static void cleanup_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static DIR *list_directory(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);

	if (copy >= 0 && !directory)
		close(copy);
	return directory;
}

static const char *next_name(DIR *directory)
{
	struct dirent *entry;

	do
		entry = readdir(directory);
	while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	return entry ? entry->d_name : NULL;
}

/* The name of the directory's only entry. */
static bool find_lone_name(int fd, char name[static NAME_MAX + 1])
{
	CLEANUP(cleanup_directory) DIR *directory = list_directory(fd);
	const char *first = directory ? next_name(directory) : NULL;

	if (!first)
		return false;
	snprintf(name, NAME_MAX + 1, "%s", first);
	return !next_name(directory);
}

static bool has_directory(int fd, const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static bool has_system(int fd)
{
	struct stat st;

	if (fstatat(fd, "usr/lib/os-release", &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	    fstatat(fd, "etc/os-release", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	/* As they were before os-release(5). */
	return has_directory(fd, "usr") && has_directory(fd, "etc");
}

static int move_contents(int from, int to)
{
	CLEANUP(cleanup_directory) DIR *directory = list_directory(from);
	const char *name;

	if (!directory)
		return -errno;
	while ((name = next_name(directory)))
		if (renameat(from, name, to, name) < 0)
			return -errno;
	return 0;
}

static int take_over(int from, int to, const struct stat *st)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };
	int r;

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
		return -errno;
	r = attributes_copy(from, to);
	if (r < 0)
		return r;
	return futimens(to, times) < 0 ? -errno : 0;
}

static int lift(int root, const char *name)
{
	CLEANUP_CLOSE int lone = -1;
	struct stat st;
	int r;

	if (renameat(root, name, root, ASIDE) < 0)
		return -errno;
	lone = openat(root, ASIDE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (lone < 0 || fstat(lone, &st) < 0)
		return -errno;
	r = move_contents(lone, root);
	if (r < 0)
		return r;
	if (unlinkat(root, ASIDE, AT_REMOVEDIR) < 0)
		return -errno;
	return take_over(lone, root, &st);
}

int lift_lone_directory(int root, struct failure *f)
{
	char name[NAME_MAX + 1];
	CLEANUP_CLOSE int lone = -1;
	int r;

	if (has_system(root) || !find_lone_name(root, name))
		return 0;
	lone = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (lone < 0 || !has_system(lone))
		return 0;
	r = lift(root, name);
	return r < 0 ? failure_errno(f, r,
				     "cannot move the contents of the archive's one directory")
		     : 0;
}
