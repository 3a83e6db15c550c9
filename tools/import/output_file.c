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

int output_file_begin(struct output_file *file, const char *path, struct failure *f)
{
	char quoted[QUOTED_SIZE];
	struct stat st;

	*file = (struct output_file){ .fd = -1, .path = path };
	if (strcmp(path, "-") == 0)
		return begin_on_standard_output(file, f);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		file->fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	} else {
		file->fd = open_nameless(path);
		file->is_nameless = true;
	}
	return file->fd < 0 ? failure_errno(f, -errno, "cannot write '%s'", quote(path, quoted))
			    : 0;
}

/* Write under a hidden name first, because only renaming replaces a file in one step. */
static int replace(const char *from, const char *path)
{
	const char *slash = strrchr(path, '/');
	int length = slash ? (int) (slash + 1 - path) : 0;
	char hidden[PATH_MAX];

	for (int i = 0; i < ATTEMPTS; i++) {
		unsigned int number = (unsigned int) getpid() * ATTEMPTS + (unsigned int) i;

		if ((size_t) snprintf(hidden, sizeof hidden, "%.*s.#export.%x", length, path,
				      number) >= sizeof hidden)
			return -ENAMETOOLONG;
		if (linkat(AT_FDCWD, from, AT_FDCWD, hidden, AT_SYMLINK_FOLLOW) < 0) {
			if (errno != EEXIST)
				return -errno;
			continue;
		}
		if (rename(hidden, path) == 0)
			return 0;
		i = -errno;
		unlink(hidden);
		return i;
	}
	return -EEXIST;
}

int output_file_commit(struct output_file *file, struct failure *f)
{
	char from[32], quoted[QUOTED_SIZE];
	int r = 0;

	quote(file->path, quoted);
	/* Pipes and some devices can't be synced. */
	if (fsync(file->fd) < 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
		return failure_errno(f, -errno, "cannot write '%s'", quoted);
	if (!file->is_nameless)
		return 0;
	snprintf(from, sizeof from, "/proc/self/fd/%d", file->fd);
	if (linkat(AT_FDCWD, from, AT_FDCWD, file->path, AT_SYMLINK_FOLLOW) < 0)
		r = errno == EEXIST ? replace(from, file->path) : -errno;
	return r < 0 ? failure_errno(f, r, "cannot name '%s'", quoted) : 0;
}

void output_file_done(struct output_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}
