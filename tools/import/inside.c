/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/inside.h"

#include "base/resolved_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

int tree_path(const char *name, char path[static PATH_MAX], struct failure *f)
{
	size_t length = 0;

	while (*name) {
		size_t component = strcspn(name, "/");

		if (component == 2 && name[0] == '.' && name[1] == '.')
			return failure_set(f, FAILURE_INVALID, "the name has '..' in it");
		if (component && (component != 1 || name[0] != '.')) {
			if (length + component + 2 > PATH_MAX)
				return failure_errno(f, -ENAMETOOLONG, "the name");
			if (length)
				path[length++] = '/';
			memcpy(path + length, name, component);
			length += component;
		}
		name += component;
		name += *name == '/';
	}
	path[length] = '\0';
	return 0;
}

int inside_open(int root, const char *path, int flags)
{
	return resolved_open(root, *path ? path : ".", flags,
			     RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int inside_open_directory(int root, const char *path)
{
	return inside_open(root, path, O_PATH | O_DIRECTORY);
}
