/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/cgroups.h"

#include "base/cleanup.h"
#include "base/lines.h"
#include "base/mountinfo.h"
#include "base/proc_file.h"

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

/* The first controller is enough: all that are mounted together are of the same hierarchy. */
static bool is_hierarchy(const struct mount *mount, const struct membership_line *m)
{
	char first[NAME_MAX + 1];

	if (!*m->controllers)
		return strcmp(mount->type, "cgroup2") == 0;
	snprintf(first, sizeof first, "%.*s", (int) strcspn(m->controllers, ","), m->controllers);
	return strcmp(mount->type, "cgroup") == 0 && has_word(mount->options, first);
}

/* The path of a cgroup below a mount. The root of a mount may be a cgroup, too. */
static bool cgroup_path(const struct mount *mount, const char *cgroup, char path[static PATH_MAX])
{
	size_t skip = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);

	if (strncmp(cgroup, mount->root, skip) != 0 || (cgroup[skip] && cgroup[skip] != '/') ||
	    strstr(cgroup, "/.."))
		return false;
	return snprintf(path, PATH_MAX, "%s%s/cgroup.procs", mount->point, cgroup + skip) <
	       PATH_MAX;
}

static int enter_cgroup(const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, "0", 1) < 0 ? -errno : 0;
}

static void join_cgroup(const char *mountinfo, const struct membership_line *m,
			struct notices *notices)
{
	CLEANUP_FREE char *text = strdup(mountinfo);
	char path[PATH_MAX];
	int r = 0;

	for (char *line, *rest = text; (line = line_next(&rest));) {
		struct mount mount;

		if (!mount_parse(line, &mount) || !is_hierarchy(&mount, m) ||
		    !cgroup_path(&mount, m->path, path))
			continue;
		r = enter_cgroup(path);
		if (r == 0)
			return;
	}
	/* With ENOENT, something else is mounted over the hierarchy, and nobody can reach it. */
	if (r < 0 && r != -ENOENT)
		notices_add(notices, NOTICE_WARNING, "cannot enter its cgroup: %s: %s", path,
			    strerror(-r));
}

void cgroups_join(uint32_t pid, struct notices *notices)
{
	CLEANUP_FREE char *mountinfo = file_read_text("/proc/self/mountinfo");
	CLEANUP_FREE char *cgroups = proc_read_text(pid, "cgroup");

	if (!mountinfo || !cgroups) {
		notices_add(notices, NOTICE_WARNING, "cannot read its cgroups: %s",
			    strerror(errno));
		return;
	}
	for (char *line, *rest = cgroups; (line = line_next(&rest));) {
		struct membership_line m;

		if (parse_line(line, &m))
			join_cgroup(mountinfo, &m, notices);
	}
}
