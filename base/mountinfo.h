/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /proc/PID/mountinfo: proc(5). */
#pragma once

#include <stdbool.h>

/* The strings are parts of the line. */
struct mount {
	unsigned int major, minor;
	char *root;  /* the directory of the file system that is mounted */
	char *point; /* the mount point */
	char *type;  /* of the file system */
	char *options; /* of the file system, separated by commas: for cgroup, they name the controllers */
};

/* Parse a line, in place. Returns false if it isn't valid. */
bool mount_parse(char *line, struct mount *mount);
