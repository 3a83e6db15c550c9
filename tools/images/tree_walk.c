/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/tree_walk.h"

#include "base/resolved_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <unistd.h>

int tree_walk_open(int directory, const char *name)
{
	return resolved_open(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
			     RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
}

int tree_walk_begin(struct tree_walk *walk, int directory)
{
	/* Open it again, to get a position of its own. */
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	walk->stream = fd < 0 ? NULL : fdopendir(fd);
	walk->fd = fd;
	if (!walk->stream) {
		int error = -errno;

		if (fd >= 0)
			close(fd);
		return error;
	}
	return 0;
}

const char *tree_walk_next(struct tree_walk *walk, int *error)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(walk->stream);
	} while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	if (!entry && errno)
		*error = -errno;
	return entry ? entry->d_name : NULL;
}

void tree_walk_end(struct tree_walk *walk)
{
	closedir(walk->stream);
}
