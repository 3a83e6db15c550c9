/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/path.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>

char *path_make_absolute(const char *path)
{
	CLEANUP_FREE char *directory = *path == '/' ? NULL : getcwd(NULL, 0);
	char *absolute;

	if (*path == '/')
		return strdup(path);
	return directory && asprintf(&absolute, "%s/%s", directory, path) >= 0 ? absolute : NULL;
}
