/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/output_file.h"

#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPTS 100

static int begin_on_standard_output(struct output_file *file, struct failure *f)
{
	if (isatty(STDOUT_FILENO))
		return failure_set(f, FAILURE_INVALID,
				   "standard output is a terminal; give a file, or a pipe");
	file->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return file->fd < 0 ? failure_errno(f, -errno, "cannot write to standard output") : 0;
}

static int open_nameless(const char *path)
{
	char copy[PATH_MAX];

	if (strlen(path) >= sizeof copy)
		return -ENAMETOOLONG;
	strcpy(copy, path);
	return open(dirname(copy), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

/* A hidden name in the directory of the path. 0 or a negative errno. */
static int make_hidden(char hidden[static PATH_MAX], const char *path, int attempt)
{
	const char *slash = strrchr(path, '/');
	int length = slash ? (int) (slash + 1 - path) : 0;
	unsigned int number = (unsigned int) getpid() * ATTEMPTS + (unsigned int) attempt;

	return snprintf(hidden, PATH_MAX, "%.*s.#export.%x", length, path, number) >= PATH_MAX
		       ? -ENAMETOOLONG
		       : 0;
}

/* Where files can't be without a name, as on NFS and FAT. */
static int open_hidden(struct output_file *file)
{
	int fd = -EEXIST;

	for (int i = 0; i < ATTEMPTS && fd == -EEXIST; i++) {
		fd = make_hidden(file->hidden, file->path, i);
		if (fd < 0)
			break;
		fd = open(file->hidden, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		fd = fd < 0 ? -errno : fd;
	}
	if (fd < 0)
		file->hidden[0] = '\0';
	return fd;
}

static int open_new(struct output_file *file)
{
	int fd = open_nameless(file->path);

	file->is_nameless = fd >= 0;
	/* Old kernels know the flag only as O_DIRECTORY. */
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		return open_hidden(file);
	return fd < 0 ? -errno : fd;
}

static int open_existing(const char *path)
{
	int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int output_file_begin(struct output_file *file, const char *path, struct failure *f)
{
	char quoted[QUOTED_SIZE];
	struct stat st;
	int fd;

	*file = (struct output_file){ .fd = -1, .path = path };
	if (strcmp(path, "-") == 0)
		return begin_on_standard_output(file, f);
	fd = stat(path, &st) == 0 && !S_ISREG(st.st_mode) ? open_existing(path) : open_new(file);
	if (fd < 0)
		return failure_errno(f, fd, "cannot write '%s'", quote(path, quoted));
	file->fd = fd;
	return 0;
}

/* Write under a hidden name first, because only renaming replaces a file in one step. */
static int replace(const char *from, const char *path)
{
	char hidden[PATH_MAX];

	for (int i = 0; i < ATTEMPTS; i++) {
		int r = make_hidden(hidden, path, i);

		if (r < 0)
			return r;
		if (linkat(AT_FDCWD, from, AT_FDCWD, hidden, AT_SYMLINK_FOLLOW) < 0) {
			if (errno != EEXIST)
				return -errno;
			continue;
		}
		if (rename(hidden, path) == 0)
			return 0;
		r = -errno;
		unlink(hidden);
		return r;
	}
	return -EEXIST;
}

static int give_name(struct output_file *file)
{
	char from[32];

	if (*file->hidden) {
		if (rename(file->hidden, file->path) < 0)
			return -errno;
		file->hidden[0] = '\0';
		return 0;
	}
	snprintf(from, sizeof from, "/proc/self/fd/%d", file->fd);
	if (linkat(AT_FDCWD, from, AT_FDCWD, file->path, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	return errno == EEXIST ? replace(from, file->path) : -errno;
}

int output_file_commit(struct output_file *file, struct failure *f)
{
	char quoted[QUOTED_SIZE];
	int r;

	quote(file->path, quoted);
	/* Pipes and some devices can't be synced. */
	if (fsync(file->fd) < 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
		return failure_errno(f, -errno, "cannot write '%s'", quoted);
	if (!file->is_nameless && !*file->hidden)
		return 0;
	r = give_name(file);
	return r < 0 ? failure_errno(f, r, "cannot name '%s'", quoted) : 0;
}

void output_file_done(struct output_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	if (*file->hidden)
		unlink(file->hidden);
	file->hidden[0] = '\0';
}
