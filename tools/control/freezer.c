/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/freezer.h"

#include "base/cleanup.h"
#include "base/proc_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* Deeper trees aren't walked. */
#define DEPTH_MAX 16

const struct freezer freezers[FREEZERS] = {
	{ { "/sys/fs/cgroup", "0::", "" },
	  CGROUP2_SUPER_MAGIC,
	  "cgroup.events",
	  "frozen 1",
	  "cgroup.freeze",
	  { "0", "1" },
	  "cgroup.freeze" },
	{ { "/sys/fs/cgroup/unified", "0::", "" },
	  CGROUP2_SUPER_MAGIC,
	  "cgroup.events",
	  "frozen 1",
	  "cgroup.freeze",
	  { "0", "1" },
	  "cgroup.freeze" },
	{ { "/sys/fs/cgroup/freezer", ":freezer:", "" },
	  CGROUP_SUPER_MAGIC,
	  "freezer.state",
	  "FROZEN",
	  "freezer.state",
	  { "THAWED", "FROZEN" },
	  "freezer.self_freezing" },
};

bool freezer_is_mounted(const struct freezer *freezer)
{
	struct statfs fs;

	return statfs(freezer->hierarchy.mount, &fs) == 0 && fs.f_type == freezer->type;
}

bool freezer_has_version_2(const struct freezer *freezer)
{
	return freezer->type == CGROUP2_SUPER_MAGIC;
}

int freezer_look(const struct freezer *freezer, int directory, const char *cgroup)
{
	char path[PATH_MAX], text[512];
	ssize_t n;

	if (snprintf(path, sizeof path, "%s/%s", cgroup, freezer->state_file) >= (int) sizeof path)
		return -ENAMETOOLONG;
	n = file_read_short_at(directory, path, text, sizeof text);
	return n < 0 ? (int) n : strstr(text, freezer->frozen) != NULL;
}

bool freezer_has_frozen(const struct freezer *freezer, const char *cgroup)
{
	char path[PATH_MAX], text[16];

	return snprintf(path, sizeof path, "%s/%s", cgroup, freezer->own_file) <
		       (int) sizeof path &&
	       file_read_short(path, text, sizeof text) > 0 && text[0] == '1';
}

#define UNKNOWN UINT64_MAX

/* How many cgroups are below this one, in version 2. */
static uint64_t count_descendants(int directory)
{
	char text[512];
	ssize_t n = file_read_short_at(directory, "cgroup.stat", text, sizeof text);
	const char *line = n < 0 ? NULL : strstr(text, "nr_descendants ");
	unsigned long count;

	return line && sscanf(line, "nr_descendants %lu", &count) == 1 ? count : UNKNOWN;
}

/* How many cgroups the freezer of version 1 has below its root, on the whole host: cgroups(7), /proc/cgroups. */
static uint64_t count_version_1(void)
{
	char text[4096];
	ssize_t n = file_read_short("/proc/cgroups", text, sizeof text);
	const char *line = n < 0 ? NULL : strstr(text, "\nfreezer\t");
	unsigned long count;

	return line && sscanf(line, "\nfreezer %*u %lu", &count) == 1 && count > 0 ? count - 1
										   : UNKNOWN;
}

/* The next cgroup in a directory, or NULL. */
static const char *next_cgroup(DIR *stream)
{
	struct dirent *entry;

	while ((entry = readdir(stream)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			return entry->d_name;
	return NULL;
}

/* Whether there are others below a cgroup: each of them is a link to it. */
static bool has_descendants(int directory, const char *cgroup)
{
	struct stat st;

	return fstatat(directory, cgroup, &st, 0) == 0 && st.st_nlink != 2;
}

static bool is_thawed_below(const struct freezer *freezer, int directory, const char *cgroup,
			    unsigned depth);

/* Those in a directory, and then, if there are any, those below them. */
static bool are_thawed(const struct freezer *freezer, DIR *stream, unsigned depth)
{
	const char *cgroup;
	uint64_t count = 0;

	for (; (cgroup = next_cgroup(stream)); count++) {
		int r = freezer_look(freezer, dirfd(stream), cgroup);

		/* It may have been removed meanwhile. */
		if (r != 0 && r != -ENOENT && r != -ENODEV)
			return false;
	}
	if (count == 0 ||
	    (freezer_has_version_2(freezer) && count_descendants(dirfd(stream)) == count))
		return true;
	rewinddir(stream);
	while ((cgroup = next_cgroup(stream)))
		if (has_descendants(dirfd(stream), cgroup) &&
		    !is_thawed_below(freezer, dirfd(stream), cgroup, depth + 1))
			return false;
	return true;
}

static bool is_thawed_below(const struct freezer *freezer, int directory, const char *cgroup,
			    unsigned depth)
{
	int fd = depth > DEPTH_MAX ? -1
				   : openat(directory, cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	bool thawed = stream && are_thawed(freezer, stream, depth);

	if (stream)
		closedir(stream);
	else
		cleanup_close(&fd);
	return thawed;
}

bool freezer_is_thawed(const struct freezer *freezer, uint64_t cgroups_max)
{
	CLEANUP_CLOSE int root = open(freezer->hierarchy.mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t count;

	if (root < 0)
		return false;
	count = freezer_has_version_2(freezer) ? count_descendants(root) : count_version_1();
	/* The root itself can't be frozen. */
	return count == 0 || (count <= cgroups_max && is_thawed_below(freezer, root, ".", 0));
}
