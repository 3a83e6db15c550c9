/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/cgroups.h"

#include "registry/cleanup.h"
#include "registry/mountinfo.h"
#include "registry/proc_file.h"
#include "tools/message.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A line of /proc/PID/cgroup. */
struct membership_line {
	char *controllers; /* empty for version 2 */
	char *path;
};

static bool parse_line(char *line, struct membership_line *m)
{
	if (!strsep(&line, ":"))
		return false;
	m->controllers = strsep(&line, ":");
	m->path = line;
	return m->controllers && m->path && *m->path == '/';
}

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += length)
		if ((p == list || p[-1] == ',') && (p[length] == ',' || p[length] == '\0'))
			return true;
	return false;
}

/* One controller tells a hierarchy; of those that are mounted together, they name the same. */
static bool is_hierarchy(const struct mount *mount, const struct membership_line *m)
{
	char first[NAME_MAX + 1];

	if (!*m->controllers)
		return strcmp(mount->type, "cgroup2") == 0;
	snprintf(first, sizeof first, "%.*s", (int) strcspn(m->controllers, ","), m->controllers);
	return strcmp(mount->type, "cgroup") == 0 && has_word(mount->options, first);
}

/* Where that cgroup is below a mount, whose root may be a cgroup itself. */
static bool find_path(const struct mount *mount, const char *cgroup, char path[static PATH_MAX])
{
	size_t skip = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);

	if (strncmp(cgroup, mount->root, skip) != 0 || (cgroup[skip] && cgroup[skip] != '/') ||
	    strstr(cgroup, "/.."))
		return false;
	return snprintf(path, PATH_MAX, "%s%s/cgroup.procs", mount->point, cgroup + skip) <
	       PATH_MAX;
}

static int enter(const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, "0", 1) < 0 ? -errno : 0;
}

static void join(const char *subject, const char *mountinfo, const struct membership_line *m)
{
	CLEANUP_FREE char *text = strdup(mountinfo);
	char path[PATH_MAX], *rest;
	int r = 0;

	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct mount mount;

		if (!mount_parse(line, &mount) || !is_hierarchy(&mount, m) ||
		    !find_path(&mount, m->path, path))
			continue;
		r = enter(path);
		if (r == 0)
			return;
	}
	/* Where something else is mounted over the hierarchy, nobody here can reach it. */
	if (r < 0 && r != -ENOENT)
		complain("%s: cannot enter its cgroup: %s: %s", subject, path, strerror(-r));
}

void cgroups_join(const char *subject, uint32_t pid)
{
	CLEANUP_FREE char *mountinfo = file_read_text("/proc/self/mountinfo");
	CLEANUP_FREE char *cgroups = proc_read_text(pid, "cgroup");
	char *rest;

	if (!mountinfo || !cgroups) {
		complain("%s: cannot tell its cgroups: %s", subject, strerror(errno));
		return;
	}
	for (char *line = strtok_r(cgroups, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct membership_line m;

		if (parse_line(line, &m))
			join(subject, mountinfo, &m);
	}
}
