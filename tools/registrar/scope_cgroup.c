/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/scope_cgroup.h"

#include "base/cleanup.h"
#include "base/ending.h"
#include "base/proc_file.h"
#include "host/systemd.h"
#include "registry/name.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* xattr(7): only root can set it. */
#define CGROUP_MARK "trusted.mymachines"

#define UNIT_PREFIX "machine-"
#define UNIT_SUFFIX ".scope"

int scope_unit_name(const char *name, uint32_t number, char unit[static UNIT_NAME_SIZE])
{
	char escaped[4 * MACHINE_NAME_SIZE], suffix[16] = "", *to = escaped;

	/* systemd-escape(1): of a name's bytes, only "-" has to be escaped. */
	for (; *name; name++)
		to += *name == '-' ? sprintf(to, "\\x2d") : sprintf(to, "%c", *name);
	if (number)
		snprintf(suffix, sizeof suffix, "\\x2d%u", number);
	return snprintf(unit, UNIT_NAME_SIZE, UNIT_PREFIX "%s%s" UNIT_SUFFIX, escaped, suffix) <
			       UNIT_NAME_SIZE
		       ? 0
		       : -ENAMETOOLONG;
}

static bool is_marked(const char *path)
{
	return getxattr(path, CGROUP_MARK, NULL, 0) >= 0;
}

/* On cgroup2, this covers all cgroups below it, too. */
static bool is_unpopulated(const char *cgroup)
{
	char path[SCOPE_PATH_SIZE + sizeof "/cgroup.events"];
	CLEANUP_FREE char *events = NULL;

	snprintf(path, sizeof path, "%s/cgroup.events", cgroup);
	events = file_read_text(path);
	return events && strstr(events, "populated 0");
}

static int make_marked_directory(const char *path)
{
	if (mkdir(path, 0755) < 0) {
		if (errno != EEXIST)
			return -errno;
		if (!is_unpopulated(path))
			return 0;
	}
	setxattr(path, CGROUP_MARK, "", 0, 0);
	return 0;
}

static void slice_path(const struct cgroup_hierarchy *cgroups, char path[static SCOPE_PATH_SIZE])
{
	snprintf(path, SCOPE_PATH_SIZE, "%s%s/" SCOPE_SLICE, cgroups->mount, cgroups->root);
}

static void unit_path(const char *slice, const char *unit, char path[static SCOPE_PATH_SIZE])
{
	snprintf(path, SCOPE_PATH_SIZE, "%.*s/%s", PATH_MAX, slice, unit);
}

int scope_cgroup_make(const struct cgroup_hierarchy *cgroups, const char *unit,
		      char path[static SCOPE_PATH_SIZE])
{
	char slice[SCOPE_PATH_SIZE];
	int r;

	slice_path(cgroups, slice);
	r = make_marked_directory(slice);
	if (r < 0)
		return r;
	unit_path(slice, unit, path);
	return make_marked_directory(path);
}

bool scope_cgroup_has_process(const struct cgroup_hierarchy *cgroups, const char *unit)
{
	char slice[SCOPE_PATH_SIZE], path[SCOPE_PATH_SIZE], file[SCOPE_PATH_SIZE + 16];
	CLEANUP_FREE char *text = NULL;

	slice_path(cgroups, slice);
	unit_path(slice, unit, path);
	/* Only cgroup2 has events, which cover the cgroups below. */
	snprintf(file, sizeof file, "%s/cgroup.events", path);
	if (access(file, F_OK) == 0)
		return !is_unpopulated(path);
	snprintf(file, sizeof file, "%s/cgroup.procs", path);
	text = file_read_text(file);
	return text ? *text : errno != ENOENT;
}

static int remove_directory(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void) st;
	(void) ftw;
	if (type == FTW_DP)
		rmdir(path);
	return 0;
}

/* With cgroups that the machine has made below it. One in use can't be removed. */
static void remove_cgroup(const char *path)
{
	if (is_unpopulated(path))
		nftw(path, remove_directory, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	else
		rmdir(path);
}

/* Whether there may be scopes that were made here, and their slice. */
static bool find_slice(char slice[static SCOPE_PATH_SIZE])
{
	struct cgroup_hierarchy cgroups;

	if (systemd_is_running() || cgroup_hierarchy_find(&cgroups) < 0)
		return false;
	slice_path(&cgroups, slice);
	return true;
}

void scope_cgroup_remove(const char *unit)
{
	char slice[SCOPE_PATH_SIZE], path[SCOPE_PATH_SIZE];

	if (strncmp(unit, UNIT_PREFIX, strlen(UNIT_PREFIX)) != 0 || !find_slice(slice))
		return;
	unit_path(slice, unit, path);
	if (!is_marked(path))
		return;
	remove_cgroup(path);
	if (is_marked(slice))
		rmdir(slice);
}

static bool is_scope_name(const char *name)
{
	return strncmp(name, UNIT_PREFIX, strlen(UNIT_PREFIX)) == 0 &&
	       stem_length(name, UNIT_SUFFIX) > 0;
}

/* In a slice that others have made, a cgroup without a mark is theirs. */
static void sweep_cgroup(const char *path, bool slice_is_ours)
{
	if (is_marked(path))
		remove_cgroup(path);
	else if (slice_is_ours && is_unpopulated(path))
		setxattr(path, CGROUP_MARK, "", 0, 0);
}

void scope_cgroups_sweep(void)
{
	char slice[SCOPE_PATH_SIZE], path[SCOPE_PATH_SIZE];
	struct dirent *entry;
	DIR *directory;
	bool is_ours;

	if (!find_slice(slice))
		return;
	is_ours = is_marked(slice);
	directory = opendir(slice);
	while (directory && (entry = readdir(directory)))
		if (is_scope_name(entry->d_name)) {
			unit_path(slice, entry->d_name, path);
			sweep_cgroup(path, is_ours);
		}
	if (directory)
		closedir(directory);
	if (is_ours)
		rmdir(slice);
}
