/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user of a machine, from its own passwd(5) and group(5): a stranger's data. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MACHINE_LOGIN_NAME_SIZE 257
#define MACHINE_USER_GROUPS_MAX 1024

struct machine_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[MACHINE_USER_GROUPS_MAX]; /* the supplementary groups */
	size_t n_groups;
	char name[MACHINE_LOGIN_NAME_SIZE];
	char home[PATH_MAX];  /* absolute */
	char shell[PATH_MAX]; /* absolute */
};

/*
 * Whether a user can have this name. A number would be a uid, and some bytes have another meaning in
 * passwd(5) or in paths.
 */
bool machine_user_is_name(const char *name);

/*
 * For a visitor in the machine: find a user by name or number. A number needs no entry:
 * the group is then the same number; nor does root. 0; -ENOENT; -E2BIG for a user
 * in too many groups; or an error of reading the files.
 */
int machine_user_find(const char *name, struct machine_user *user);

/* For a visitor: become that user, for good. 0 or a negative errno. */
int machine_user_become(const struct machine_user *user);
