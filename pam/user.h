/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host's name services say of who logs in. Nothing is kept. */
#pragma once

#include <sys/types.h>

/*
 * 0; -ENOENT where no name service knows the user; or another negative errno,
 * as where one can't be asked.
 */
int user_find(const char *name, uid_t *uid, gid_t *gid);

/*
 * Whether the user, whose own group is `gid`, is in one of the groups of this
 * list: 1, 0, or a negative errno. A group that there isn't has no members.
 */
int user_is_in_groups(const char *name, gid_t gid, const char *list);
