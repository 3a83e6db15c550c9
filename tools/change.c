/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/change.h"

#include "registry/cleanup.h"
#include "tools/input.h"
#include "tools/message.h"
#include "tools/program.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static int fail(const char *what, const char *path, int error)
{
	char quoted[QUOTED_SIZE];

	complain("cannot %s %s: %s%s", what, quote(path, quoted), strerror(-error),
		 error == -EACCES || error == -EPERM ? " (this needs root)" : "");
	return -1;
}

int change_read(struct arena *arena, struct change *change, bool quiet)
{
	size_t size;
	char *text;
	int r = input_read_file(arena, change->path, &text, &size);

	change->before = NULL;
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == 0 && strlen(text) != size)
		r = -EBADMSG;
	if (r < 0)
		return quiet ? -1 : fail("read", change->path, r);
	change->before = text;
	return 0;
}

bool change_is_pending(const struct change *c)
{
	if (!c->before || !c->after)
		return c->before != c->after;
	return strcmp(c->before, c->after) != 0;
}

/* A file without a name that holds the text. Returns it, or -1. */
static int hold_text(const char *text)
{
	int fd = memfd_create("change", 0);

	if (fd >= 0 && text && write(fd, text, strlen(text)) != (ssize_t) strlen(text)) {
		close(fd);
		return -1;
	}
	return fd;
}

void change_print(struct arena *arena, const struct change *c)
{
	CLEANUP_CLOSE int before = hold_text(c->before), after = hold_text(c->after);
	const char *const diff[] = {
		"diff",
		"-u",
		"--label",
		c->before ? c->path : "/dev/null",
		"--label",
		c->after ? c->path : "/dev/null",
		arena_printf(arena, "/proc/%d/fd/%d", getpid(), before),
		arena_printf(arena, "/proc/%d/fd/%d", getpid(), after),
		NULL,
	};
	char *text;

	/* It exits with 1, as they differ. */
	if (before >= 0 && after >= 0 && program_output(arena, diff, true, &text) >= 0 && *text)
		fputs(text, stdout);
	else
		printf("%s:\n%s", c->path, c->after ? c->after : "(removed)\n");
}

/* The directory of a path, and those above it, as far as they aren't there. */
static int make_directories(struct arena *arena, const char *path)
{
	char *directory = arena_strdup(arena, path);

	for (char *slash = strchr(directory + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(directory, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

/* Access lists, labels and the rest: xattr(7). As far as it goes. */
static void copy_attributes(int fd, const char *path)
{
	char names[4096], value[4096];
	ssize_t size = listxattr(path, names, sizeof names);

	for (char *name = names; size > 0 && name < names + size; name += strlen(name) + 1) {
		ssize_t length = getxattr(path, name, value, sizeof value);

		if (length >= 0)
			fsetxattr(fd, name, value, (size_t) length, 0);
	}
}

/* What a file is to have of the one at `path`; without that, the mode. */
static int take_over(int fd, const char *path, mode_t mode)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT && fchmod(fd, mode) == 0 ? 0 : -errno;
	if (fchown(fd, st.st_uid, st.st_gid) < 0)
		return -errno;
	copy_attributes(fd, path);
	return fchmod(fd, st.st_mode & 07777) < 0 ? -errno : 0;
}

static int write_whole(int fd, const char *text)
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

/* So that the name lasts as well as the file does. */
static void sync_directory(struct arena *arena, const char *path)
{
	CLEANUP_CLOSE int fd =
		open(dirname(arena_strdup(arena, path)), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		fsync(fd);
}

/*
 * Replace the file at `path`, with owner and mode of the one at `like`. It is hidden until it is
 * whole, and can't be executed before: in directories of hooks, whatever can be is run.
 */
static int replace(struct arena *arena, const char *path, const char *text, const char *like,
		   mode_t mode)
{
	char *temporary = arena_printf(arena, "%s/.%s.XXXXXX", dirname(arena_strdup(arena, path)),
				       basename(arena_strdup(arena, path)));
	CLEANUP_CLOSE int fd = -1;
	int r = make_directories(arena, path);

	if (r < 0)
		return r;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_whole(fd, text);
	if (r == 0)
		r = take_over(fd, like, mode);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	else
		sync_directory(arena, path);
	return r;
}

/* What was kept at an earlier change is older than what that has made. */
static int keep_backup(struct arena *arena, const struct change *c)
{
	int r = c->before ? replace(arena, c->backup, c->before, c->path, c->mode) : 0;

	return r < 0 ? fail("write", c->backup, r) : 0;
}

static void drop_backup(struct arena *arena, const struct change *c)
{
	struct change kept = { .path = c->backup };

	if (change_read(arena, &kept, false) == 0 && kept.before && c->after &&
	    strcmp(kept.before, c->after) == 0)
		unlink(c->backup);
}

int change_apply(struct arena *arena, const struct change *c)
{
	CLEANUP_FREE char *target = realpath(c->path, NULL);
	const char *path = target ? target : c->path;
	int r;

	if (c->apply)
		return c->apply(arena, c);
	if (c->backup && !c->is_undo && keep_backup(arena, c) < 0)
		return -1;
	if (c->after)
		r = replace(arena, path, c->after, path, c->mode);
	else
		r = unlink(c->path) < 0 && errno != ENOENT ? -errno : 0;
	if (r < 0)
		return fail(c->after ? "write" : "remove", path, r);
	if (c->backup && c->is_undo)
		drop_backup(arena, c);
	return 0;
}
