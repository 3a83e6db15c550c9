/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pam/user.h"

#include "pam/arguments.h"
#include "registry/cleanup.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

/* More than any entry of a name service. */
#define BUFFER_MAX (64u << 20)
#define GROUPS_MAX (1 << 20)

/* Ask again with a larger buffer, as long as the answer doesn't fit. */
static int next_buffer(char **buffer, size_t *size)
{
	size_t larger = *size ? *size * 4 : 1024;
	char *bytes = larger <= BUFFER_MAX ? realloc(*buffer, larger) : NULL;

	if (!bytes)
		return -ENOMEM;
	*buffer = bytes;
	*size = larger;
	return 0;
}

int user_find(const char *name, uid_t *uid, gid_t *gid)
{
	CLEANUP_FREE char *buffer = NULL;
	struct passwd entry, *found = NULL;
	size_t size = 0;
	int r;

	do {
		r = next_buffer(&buffer, &size);
		if (r == 0)
			r = -getpwnam_r(name, &entry, buffer, size, &found);
	} while (r == -ERANGE);
	if (r < 0)
		return r;
	if (!found)
		return -ENOENT;
	*uid = found->pw_uid;
	*gid = found->pw_gid;
	return 0;
}

static int group_find(const char *name, gid_t *gid)
{
	CLEANUP_FREE char *buffer = NULL;
	struct group entry, *found = NULL;
	size_t size = 0;
	int r;

	do {
		r = next_buffer(&buffer, &size);
		if (r == 0)
			r = -getgrnam_r(name, &entry, buffer, size, &found);
	} while (r == -ERANGE);
	if (r < 0)
		return r;
	if (!found)
		return -ENOENT;
	*gid = found->gr_gid;
	return 0;
}

/* All groups of the user. Returns how many, `*groups` being the caller's to free; or -ENOMEM. */
static int groups_read(const char *name, gid_t gid, gid_t **groups)
{
	int count = 64;

	while (count <= GROUPS_MAX) {
		gid_t *larger = realloc(*groups, (size_t) count * sizeof *larger);
		int room = count, n;

		if (!larger)
			break;
		*groups = larger;
		n = getgrouplist(name, gid, larger, &count);
		if (n >= 0)
			return n;
		if (count <= room)
			count = 2 * room;
	}
	return -ENOMEM;
}

bool user_is_in_groups(const char *name, gid_t gid, const char *list)
{
	CLEANUP_FREE gid_t *groups = NULL;
	char element[ELEMENT_SIZE];
	int count = groups_read(name, gid, &groups);
	gid_t wanted;

	while (list_next(&list, element)) {
		if (group_find(element, &wanted) < 0)
			continue;
		for (int i = 0; i < count; i++)
			if (groups[i] == wanted)
				return true;
	}
	return false;
}
