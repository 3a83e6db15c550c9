/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/copy_place.h"

#include "base/cleanup.h"
#include "host/machine_file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_entry_name(const char *text)
{
	return *text && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

int copy_place_open(struct copy_place *place, const char *path)
{
	CLEANUP_FREE char *directory = strdup(path);
	const char *name = "";
	char *slash;
	size_t length;
	int fd;

	if (!directory)
		return -ENOMEM;
	for (length = strlen(directory); length > 1 && directory[length - 1] == '/';)
		directory[--length] = '\0';
	slash = strrchr(directory, '/');
	if (is_entry_name(slash ? slash + 1 : directory)) {
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
	/* A visitor's root directory is the machine's, and that of the half on the host is the host's. */
	fd = machine_path_open(VISITOR_ROOT, directory, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	place->directory = fd;
	return 0;
}

void copy_place_close(struct copy_place *place)
{
	cleanup_close(&place->directory);
	place->directory = -1;
}
