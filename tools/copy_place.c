/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/copy_place.h"

#include "registry/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>

static bool is_name(const char *text)
{
	return *text && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

int copy_place_open(struct copy_place *place, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS,
	};
	CLEANUP_FREE char *directory = strdup(path);
	const char *name = "";
	char *slash;
	size_t length;
	long fd;

	if (!directory)
		return -ENOMEM;
	for (length = strlen(directory); length > 1 && directory[length - 1] == '/';)
		directory[--length] = '\0';
	slash = strrchr(directory, '/');
	if (is_name(slash ? slash + 1 : directory)) {
		name = path + (slash ? slash + 1 - directory : 0);
		length -= (size_t) (name - path);
		if (length > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(place->name, name, length);
		if (slash)
			slash[1] = '\0';
		else
			strcpy(directory, ".");
	} else {
		length = 0;
	}
	place->name[length] = '\0';
	fd = syscall(SYS_openat2, AT_FDCWD, directory, &how, sizeof how);
	if (fd < 0)
		return -errno;
	place->directory = (int) fd;
	return 0;
}

void copy_place_close(struct copy_place *place)
{
	cleanup_close(&place->directory);
	place->directory = -1;
}
