/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/resolved_open.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TRIES 100

/* As many as the kernel follows: path_resolution(7). */
#define LINKS_MAX 40

/* A path is walked name by name. */
struct walk {
	int directory;
	uint64_t resolve;
	unsigned int links;  /* that were followed */
	char done[PATH_MAX]; /* from the directory on, without links and ".." */
	char left[PATH_MAX];
};

static int ask_kernel(int directory, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t) (flags | O_CLOEXEC), .resolve = resolve };
	int fd = (int) syscall(SYS_openat2, directory, path, &how, sizeof how);

	return fd < 0 ? -errno : fd;
}

/* Open what was walked to. Nobody may have put a link there meanwhile. */
static int open_done(const struct walk *w, int flags)
{
	return ask_kernel(w->directory, *w->done ? w->done : ".", flags,
			  w->resolve | RESOLVE_NO_SYMLINKS);
}

/* Refuse the links of proc(5) whose target isn't a path. */
static int check_link(const struct walk *w, int link)
{
	CLEANUP_CLOSE int target = -1;
	struct statfs fs;

	if (fstatfs(link, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return 0;
	target = ask_kernel(w->directory, w->done, O_PATH, w->resolve | RESOLVE_NO_MAGICLINKS);
	return target == -ELOOP ? -ELOOP : 0;
}

static void take_last_name(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	*(slash ? slash : w->done) = '\0';
}

/* Put the target of a link, which was walked to, before what is left. */
static int follow(struct walk *w, int link)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(link, "", target, sizeof target);
	size_t left = strlen(w->left);
	int r;

	if (length < 0)
		return -errno;
	r = check_link(w, link);
	if (r < 0)
		return r;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if (length == 0)
		return -ENOENT;
	if ((size_t) length + 1 + left + 1 > sizeof w->left)
		return -ENAMETOOLONG;
	/* `left` begins with a slash, or is empty. */
	memmove(w->left + length, w->left, left + 1);
	memcpy(w->left, target, (size_t) length);
	if (*target == '/')
		*w->done = '\0';
	else
		take_last_name(w);
	return 0;
}

static int add_name(struct walk *w, const char *name, size_t length)
{
	size_t end = strlen(w->done);

	if (length > NAME_MAX || end + 1 + length + 1 > sizeof w->done)
		return -ENAMETOOLONG;
	if (end)
		w->done[end++] = '/';
	memcpy(w->done + end, name, length);
	w->done[end + length] = '\0';
	return 0;
}

/* Look at what was walked to, and follow it if it is a link. If more is left, it has to be a directory. */
static int take_link(struct walk *w)
{
	CLEANUP_CLOSE int fd = open_done(w, O_PATH | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return follow(w, fd);
	return *w->left && !S_ISDIR(st.st_mode) ? -ENOTDIR : 0;
}

/* Walk one name on. 1, 0 at the end, or a negative errno. */
static int walk_on(struct walk *w, bool follows_last)
{
	const char *name = w->left + strspn(w->left, "/");
	size_t length = strcspn(name, "/");
	char word[NAME_MAX + 1];
	int r;

	if (length == 0)
		return 0;
	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(word, name, length);
	word[length] = '\0';
	memmove(w->left, name + length, strlen(name + length) + 1);
	if (strcmp(word, ".") == 0)
		return 1;
	if (strcmp(word, "..") == 0) {
		take_last_name(w);
		return 1;
	}
	r = add_name(w, word, length);
	if (r == 0 && (*w->left || follows_last))
		r = take_link(w);
	return r < 0 ? r : 1;
}

int resolved_walk(int directory, const char *path, int flags, uint64_t resolve)
{
	size_t length = strlen(path);
	struct walk *w;
	int r = 1;

	if (length == 0)
		return -ENOENT;
	if (length >= PATH_MAX)
		return -ENAMETOOLONG;
	w = malloc(sizeof *w);
	if (!w)
		return -ENOMEM;
	*w = (struct walk){ .directory = directory, .resolve = resolve };
	memcpy(w->left, path, length + 1);
	while (r > 0)
		r = walk_on(w, !(flags & O_NOFOLLOW));
	if (r == 0)
		r = open_done(w, flags | (*w->left ? O_DIRECTORY : 0));
	free(w);
	return r;
}

int resolved_open(int directory, const char *path, int flags, uint64_t resolve)
{
	int fd, tries = TRIES;

	do
		fd = ask_kernel(directory, path, flags, resolve);
	while (fd == -EAGAIN && --tries);
	return fd == -EAGAIN && (resolve & RESOLVE_IN_ROOT)
		       ? resolved_walk(directory, path, flags, resolve)
		       : fd;
}
