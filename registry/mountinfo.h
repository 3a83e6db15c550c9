/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of /proc/PID/mountinfo: proc(5). Part of the writing half. */
#pragma once

#include <stdbool.h>

/* The strings lie in the line. */
struct mount {
	unsigned int major, minor;
	char *root;    /* the directory of its file system that is mounted */
	char *point;   /* where */
	char *type;    /* of the file system */
	char *options; /* of the file system, with commas: for cgroup, its controllers are there */
};

/* Take a line apart, in place. Whether it is one. */
bool mount_parse(char *line, struct mount *mount);
