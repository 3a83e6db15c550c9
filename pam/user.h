/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions about the user to the host's name services. Nothing is kept. */
#pragma once

#include <sys/types.h>

/*
 * Find the ids of a user. 0; -ENOENT if no name service knows the user; or another
 * negative errno, if a name service can't be asked.
 */
int user_find(const char *name, uid_t *uid, gid_t *gid);

/*
 * Whether the user, whose own group is `gid`, is in one of the groups of a list.
 * 1, 0 or a negative errno. A group that doesn't exist has no members.
 */
int user_is_in_groups(const char *name, gid_t gid, const char *list);
