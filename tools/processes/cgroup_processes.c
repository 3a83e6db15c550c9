/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/processes/cgroup_processes.h"

#include "base/cleanup.h"
#include "base/lines.h"
#include "base/proc_file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

struct reading {
	struct arena *arena;
	uint32_t *pids;
	size_t count;
};

/* 0 or a negative errno. */
static int read_one(struct reading *r, const char *directory)
{
	CLEANUP_FREE char *text = NULL;
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/cgroup.procs", directory) >= (int) sizeof path)
		return -ENAMETOOLONG;
	text = file_read_text(path);
	if (!text)
		return -errno;
	for (char *line, *rest = text; (line = line_next(&rest));) {
		r->pids = arena_grow(r->arena, r->pids, r->count, sizeof *r->pids);
		r->pids[r->count++] = (uint32_t) strtoul(line, NULL, 10);
	}
	return 0;
}

/* Paths are bounded by PATH_MAX, and so is the depth. 0 or a negative errno. */
static int read_below(struct reading *r, const char *directory)
{
	int error = read_one(r, directory);
	struct dirent *entry;
	DIR *stream;

	/* In a threaded cgroup, the processes are those of its domain, above it. */
	if (error < 0 && error != -EOPNOTSUPP)
		return error;
	stream = opendir(directory);
	if (!stream)
		return -errno;
	error = 0;
	while (error == 0 && (entry = readdir(stream))) {
		char path[PATH_MAX];

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) >=
		    (int) sizeof path)
			error = -ENAMETOOLONG;
		else
			error = read_below(r, path);
		/* The cgroup was removed meanwhile. */
		if (error == -ENOENT || error == -ENODEV)
			error = 0;
	}
	closedir(stream);
	return error;
}

long cgroup_processes_read(struct arena *arena, const char *directory, uint32_t **pids)
{
	struct reading r = { .arena = arena };
	int error = read_below(&r, directory);

	*pids = r.pids;
	return error < 0 ? error : (long) r.count;
}

long cgroup_processes_read_one(struct arena *arena, const char *directory, uint32_t **pids)
{
	struct reading r = { .arena = arena };
	int error = read_one(&r, directory);

	*pids = r.pids;
	return error < 0 ? error : (long) r.count;
}
