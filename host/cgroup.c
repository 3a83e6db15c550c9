/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cgroup.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/lines.h"
#include "base/proc_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#define CGROUP1_MAGIC	  0x0027e0eb /* include/uapi/linux/magic.h */
#define CGROUP2_MAGIC	  0x63677270
#define TMPFS_MAGIC_VALUE 0x01021994

static bool has_suffix(const char *text, size_t length, const char *suffix)
{
	size_t tail = strlen(suffix);

	return length > tail && memcmp(text + length - tail, suffix, tail) == 0;
}

/* The characters are those of systemd.unit(5), "String Escaping for Inclusion in Unit Names". */
static bool is_unit_name(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!(name[i] >= 'a' && name[i] <= 'z') && !(name[i] >= 'A' && name[i] <= 'Z') &&
		    !(name[i] >= '0' && name[i] <= '9') && !strchr(":-_.\\@", name[i]))
			return false;
	return length < UNIT_NAME_SIZE &&
	       (has_suffix(name, length, ".service") || has_suffix(name, length, ".scope"));
}

bool unit_name_is_valid(const char *name)
{
	return is_unit_name(name, strlen(name));
}

int cgroup_unit(const char *path, const char *root, char unit[static UNIT_NAME_SIZE])
{
	size_t skip = strlen(root), length;

	if (skip > 1 && strncmp(path, root, skip) == 0 && (path[skip] == '/' || !path[skip]))
		path += skip;
	for (;;) {
		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (!has_suffix(path, length, ".slice"))
			break;
		path += length;
	}
	/* systemd puts a "_" before names that could be one of the kernel's files. */
	if (*path == '_') {
		path++;
		length--;
	}
	if (!length || !is_unit_name(path, length))
		return -ENOENT;
	memcpy(unit, path, length);
	unit[length] = '\0';
	return 0;
}

const char *cgroup_find_path(const char *text, const char *prefix, size_t *length)
{
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		/*
		 * In version 2, the hierarchy is 0. In version 1, a number comes before the name.
		 */
		const char *from = *prefix == ':' ? strchr(line, ':') : line;

		end = strchrnul(line, '\n');
		if (!from || from > end || strncmp(from, prefix, strlen(prefix)) != 0)
			continue;
		from += strlen(prefix);
		*length = (size_t) (end - from);
		return from;
	}
	return NULL;
}

char *cgroup_read_path(const struct cgroup_hierarchy *hierarchy, uint32_t pid)
{
	CLEANUP_FREE char *longer = NULL;
	char file[PROC_PATH_SIZE] = "/proc/self/cgroup", text[4096];
	const char *path;
	size_t length;
	ssize_t n;

	if (pid)
		proc_path(file, pid, "cgroup");
	n = file_read_short(file, text, sizeof text);
	if (n == -E2BIG)
		longer = file_read_text(file);
	else if (n < 0)
		errno = (int) -n;
	if (n < 0 && !longer)
		return NULL;
	path = cgroup_find_path(longer ? longer : text, hierarchy->prefix, &length);
	if (!path)
		errno = ENOENT;
	return path ? strndup(path, length) : NULL;
}

/*
 * In a container, pid 1 may be below the root of the hierarchy. All units are
 * below pid 1's place.
 */
static void find_root(struct cgroup_hierarchy *hierarchy)
{
	static const char *const homes[] = { "/init.scope", "/system.slice", "/system" };
	CLEANUP_FREE char *path = cgroup_read_path(hierarchy, 1);
	char *root = hierarchy->root;

	root[0] = '\0';
	if (!path || strlen(path) >= PATH_MAX)
		return;
	strcpy(root, path);
	for (size_t i = 0; i < ARRAY_SIZE(homes); i++)
		if (strcmp(root, homes[i]) == 0 || has_suffix(root, strlen(root), homes[i])) {
			root[strlen(root) - strlen(homes[i])] = '\0';
			return;
		}
}

static bool is_of_type(const char *path, long type)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == type;
}

int cgroup_hierarchy_find(struct cgroup_hierarchy *h)
{
	if (is_of_type("/sys/fs/cgroup", CGROUP2_MAGIC)) {
		h->mount = "/sys/fs/cgroup";
		h->prefix = "0::";
	} else if (!is_of_type("/sys/fs/cgroup", TMPFS_MAGIC_VALUE)) {
		return -ENOENT;
	} else if (is_of_type("/sys/fs/cgroup/unified", CGROUP2_MAGIC)) {
		h->mount = "/sys/fs/cgroup/unified";
		h->prefix = "0::";
	} else if (is_of_type("/sys/fs/cgroup/systemd", CGROUP1_MAGIC)) {
		h->mount = "/sys/fs/cgroup/systemd";
		h->prefix = ":name=systemd:";
	} else {
		return -ENOENT;
	}
	find_root(h);
	return 0;
}

int process_read_unit(const struct cgroup_hierarchy *hierarchy, uint32_t pid,
		      char unit[static UNIT_NAME_SIZE])
{
	CLEANUP_FREE char *path = cgroup_read_path(hierarchy, pid);

	return path ? cgroup_unit(path, hierarchy->root, unit) : -errno;
}

bool process_is_in_unit(const struct cgroup_hierarchy *hierarchy, uint32_t pid, const char *unit)
{
	char there[UNIT_NAME_SIZE];

	return process_read_unit(hierarchy, pid, there) == 0 && strcmp(there, unit) == 0;
}

bool process_unit_is_shared(const struct cgroup_hierarchy *hierarchy, uint32_t pid,
			    const char *unit)
{
	CLEANUP_FREE char *path = NULL, *own = NULL;

	if (strncmp(unit, "session-", 8) == 0 || strncmp(unit, "user@", 5) == 0 ||
	    strcmp(unit, "init.scope") == 0)
		return true;
	path = cgroup_read_path(hierarchy, pid);
	own = cgroup_read_path(hierarchy, 0);
	return path && own && strcmp(path, own) == 0;
}
