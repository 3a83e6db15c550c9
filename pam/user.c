/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pam/user.h"

#include "base/cleanup.h"
#include "pam/arguments.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>

/* Upper bound for one entry: a group of a million members takes 16 MiB. */
#define BUFFER_MAX (16u << 20)
#define GROUPS_MAX (1 << 20)

struct ids {
	uid_t uid;
	gid_t gid;
};

/* Like getpwnam_r(3): 0, also if nothing is found, or a positive errno. */
typedef int lookup_function(const char *name, char *buffer, size_t size, struct ids *ids,
			    bool *found);

static int lookup_user(const char *name, char *buffer, size_t size, struct ids *ids, bool *found)
{
	struct passwd entry, *result = NULL;
	int error = getpwnam_r(name, &entry, buffer, size, &result);

	*found = result;
	if (result)
		*ids = (struct ids){ result->pw_uid, result->pw_gid };
	return error;
}

static int lookup_group(const char *name, char *buffer, size_t size, struct ids *ids, bool *found)
{
	struct group entry, *result = NULL;
	int error = getgrnam_r(name, &entry, buffer, size, &result);

	*found = result;
	if (result)
		ids->gid = result->gr_gid;
	return error;
}

/* Repeat with a larger buffer until the answer fits. */
static int find(lookup_function *lookup, const char *name, struct ids *ids)
{
	CLEANUP_FREE char *buffer = NULL;
	bool found = false;
	int error = ERANGE;

	for (size_t size = 1024; error == ERANGE && size <= BUFFER_MAX; size *= 4) {
		char *larger = realloc(buffer, size);

		if (!larger)
			return -ENOMEM;
		buffer = larger;
		error = lookup(name, buffer, size, ids, &found);
	}
	/* Some name services report missing entries like this. */
	if (error == ENOENT || error == ESRCH || (error == 0 && !found))
		return -ENOENT;
	return -error;
}

int user_find(const char *name, uid_t *uid, gid_t *gid)
{
	struct ids ids = { 0 };
	int r = find(lookup_user, name, &ids);

	if (r < 0)
		return r;
	*uid = ids.uid;
	*gid = ids.gid;
	return 0;
}

/* Find all groups of the user. Returns how many, or -ENOMEM. The caller frees `*groups`. */
static int groups_read(const char *name, gid_t gid, gid_t **groups)
{
	for (int room = 64; room <= GROUPS_MAX; room *= 2) {
		gid_t *larger = realloc(*groups, (size_t) room * sizeof *larger);
		int count = room;

		if (!larger)
			return -ENOMEM;
		*groups = larger;
		if (getgrouplist(name, gid, larger, &count) >= 0)
			return count;
	}
	return -ENOMEM;
}

int user_is_in_groups(const char *name, gid_t gid, const char *list)
{
	CLEANUP_FREE gid_t *groups = NULL;
	char element[ELEMENT_SIZE];
	int count = groups_read(name, gid, &groups);

	if (count < 0)
		return count;
	while (list_next(&list, element)) {
		struct ids wanted = { 0 };
		int r = find(lookup_group, element, &wanted);

		if (r < 0 && r != -ENOENT)
			return r;
		for (int i = 0; r == 0 && i < count; i++)
			if (groups[i] == wanted.gid)
				return 1;
	}
	return 0;
}
