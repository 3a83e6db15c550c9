/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/machine_user.h"

#include "base/cleanup.h"
#include "base/number.h"
#include "host/machine_lines.h"
#include "registry/name.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>

/* Split a line into its fields, in place. Whether there are that many. */
static bool split_fields(char *line, char **fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fields[i] = i + 1 < count ? strsep(&line, ":") : line;
		if (!fields[i])
			return false;
	}
	return true;
}

bool machine_user_is_name(const char *name)
{
	size_t length = strlen(name);

	if (!length || length >= MACHINE_LOGIN_NAME_SIZE || name[0] == ' ' ||
	    name[length - 1] == ' ' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++)
		if (strchr(":/", *name) || (unsigned char) *name < ' ' || *name == 0x7f)
			return false;
	return true;
}

/* To setuid(2) and its like, the largest number means "don't change it". */
static bool parse_id(const char *text, uint32_t *id)
{
	return id_parse(text, id) == 0 && *id != UINT32_MAX;
}

static void copy_path(char path[static PATH_MAX], const char *text, const char *fallback)
{
	if (*text != '/' || strlen(text) >= PATH_MAX)
		text = fallback;
	strcpy(path, text);
}

/* Parse a line of passwd(5). Whether it is a valid entry of that user. */
static bool parse_user(char *line, const char *name, const uid_t *uid, struct machine_user *user)
{
	enum { NAME, PASSWORD, UID, GID, GECOS, HOME, SHELL, N_FIELDS };
	char *fields[N_FIELDS];
	uint32_t its_uid, its_gid;

	if (!split_fields(line, fields, N_FIELDS) || !*fields[NAME] ||
	    strlen(fields[NAME]) >= sizeof user->name || !parse_id(fields[UID], &its_uid) ||
	    !parse_id(fields[GID], &its_gid))
		return false;
	if (uid ? its_uid != *uid : strcmp(fields[NAME], name) != 0)
		return false;
	user->uid = its_uid;
	user->gid = its_gid;
	strcpy(user->name, fields[NAME]);
	copy_path(user->home, fields[HOME], "/");
	copy_path(user->shell, fields[SHELL], "/bin/sh");
	return true;
}

/* Find the entry by uid, or by name if that is NULL. 0, -ENOENT, or another negative errno. */
static int find_user(struct machine_lines *lines, const char *path, const char *name,
		     const uid_t *uid, struct machine_user *user)
{
	int r = machine_lines_open(lines, path);
	char *line;

	if (r < 0)
		return r == -ENOTDIR || r == -ELOOP ? -ENOENT : r;
	r = -ENOENT;
	while (r < 0 && (line = machine_lines_next(lines)))
		if (parse_user(line, name, uid, user))
			r = 0;
	machine_lines_close(lines);
	return r;
}

static bool has_member(char *members, const char *name)
{
	char *member;

	while ((member = strsep(&members, ",")))
		if (strcmp(member, name) == 0)
			return true;
	return false;
}

static int find_groups(struct machine_lines *lines, const char *path, struct machine_user *user)
{
	enum { NAME, PASSWORD, GID, MEMBERS, N_FIELDS };
	int r = machine_lines_open(lines, path);
	char *fields[N_FIELDS], *line;
	uint32_t gid;

	/* Without the file, the user has only the group of its entry. */
	if (r < 0)
		return 0;
	while (r == 0 && (line = machine_lines_next(lines))) {
		if (!split_fields(line, fields, N_FIELDS) || !parse_id(fields[GID], &gid) ||
		    gid == user->gid || !has_member(fields[MEMBERS], user->name))
			continue;
		if (user->n_groups == MACHINE_USER_GROUPS_MAX)
			r = -E2BIG;
		else
			user->groups[user->n_groups++] = gid;
	}
	machine_lines_close(lines);
	return r;
}

/* Root and numbers need no entry. */
static int make_user(const char *name, const uid_t *uid, struct machine_user *user)
{
	bool is_root = uid ? *uid == 0 : strcmp(name, "root") == 0;

	if (!is_root && !uid)
		return -ENOENT;
	user->uid = user->gid = is_root ? 0 : *uid;
	strcpy(user->name, is_root ? "root" : name);
	strcpy(user->home, is_root ? "/root" : "/");
	strcpy(user->shell, "/bin/sh");
	return 0;
}

int machine_user_find(const char *name, struct machine_user *user)
{
	CLEANUP_FREE struct machine_lines *lines = malloc(sizeof *lines);
	uid_t number, *uid = NULL;
	int r;

	if (!lines)
		return -ENOMEM;
	if (!*name || strlen(name) >= sizeof user->name)
		return -ENOENT;
	user->n_groups = 0;
	r = find_user(lines, "/etc/passwd", name, NULL, user);
	if (r < 0 && parse_id(name, &number)) {
		uid = &number;
		r = find_user(lines, "/etc/passwd", name, uid, user);
	}
	if (r < 0)
		return make_user(name, uid, user) < 0 ? r : 0;
	return find_groups(lines, "/etc/group", user);
}

/*
 * A visitor starts without supplementary groups. Groups that the machine's map lacks are skipped. If the
 * machine may not set groups, by "deny" in user_namespaces(7) or without CAP_SETGID, it gets none.
 */
static int join_groups(const struct machine_user *user)
{
	gid_t groups[MACHINE_USER_GROUPS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < user->n_groups; i++)
		if (setgroups(1, &user->groups[i]) == 0)
			groups[n++] = user->groups[i];
		else if (errno != EINVAL && errno != EPERM)
			return -errno;
	/* With one group, the last setgroups() above has joined it already. */
	return n > 1 && setgroups(n, groups) < 0 ? -errno : 0;
}

int machine_user_become(const struct machine_user *user)
{
	int r = join_groups(user);

	if (r < 0)
		return r;
	if (setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return -errno;
	/* Changing ids may have made it dumpable again: fs.suid_dumpable in proc(5). */
	return prctl(PR_SET_DUMPABLE, 0) < 0 ? -errno : 0;
}
