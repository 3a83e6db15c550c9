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

/* A machine may make any number of cgroups below its own, and the registry's lock may be held meanwhile. */
#define CGROUPS_MAX 16384

/* The path is one for all levels, as a machine may have made thousands of them. */
struct reading {
	struct arena *arena;
	uint32_t *pids;
	size_t count;
	size_t n_cgroups;
	size_t length;
	char path[PATH_MAX];
};

/* Add a name to the path. 0 or -ENAMETOOLONG. */
static int enter(struct reading *r, const char *name)
{
	int n = snprintf(r->path + r->length, sizeof r->path - r->length, "%s%s",
			 r->length > 0 ? "/" : "", name);

	if (n >= (int) (sizeof r->path - r->length)) {
		r->path[r->length] = '\0';
		return -ENAMETOOLONG;
	}
	r->length += (size_t) n;
	return 0;
}

static void leave(struct reading *r, size_t length)
{
	r->length = length;
	r->path[length] = '\0';
}

/* 0 or a negative errno. */
static int read_one(struct reading *r)
{
	CLEANUP_FREE char *text = NULL;
	size_t length = r->length;
	int error = enter(r, "cgroup.procs");

	if (error < 0)
		return error;
	text = file_read_text(r->path);
	error = text ? 0 : -errno;
	leave(r, length);
	for (char *line, *rest = text; text && (line = line_next(&rest));) {
		r->pids = arena_grow(r->arena, r->pids, r->count, sizeof *r->pids);
		r->pids[r->count++] = (uint32_t) strtoul(line, NULL, 10);
	}
	return error;
}

static int read_below(struct reading *r);

static int read_entry(struct reading *r, const char *name)
{
	size_t length = r->length;
	int error = enter(r, name);

	if (error == 0)
		error = read_below(r);
	leave(r, length);
	/* The cgroup was removed meanwhile. */
	return error == -ENOENT || error == -ENODEV ? 0 : error;
}

/* Paths are bounded by PATH_MAX, and so is the depth. 0 or a negative errno. */
static int read_below(struct reading *r)
{
	int error = r->n_cgroups++ < CGROUPS_MAX ? read_one(r) : -E2BIG;
	struct dirent *entry;
	DIR *stream;

	/* In a threaded cgroup, the processes are those of its domain, above it. */
	if (error < 0 && error != -EOPNOTSUPP)
		return error;
	stream = opendir(r->path);
	if (!stream)
		return -errno;
	error = 0;
	while (error == 0 && (entry = readdir(stream)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			error = read_entry(r, entry->d_name);
	closedir(stream);
	return error;
}

static long read_processes(struct arena *arena, const char *directory, uint32_t **pids,
			   int (*read)(struct reading *r))
{
	struct reading r = { .arena = arena };
	int error = enter(&r, directory);

	if (error == 0)
		error = read(&r);
	*pids = r.pids;
	return error < 0 ? error : (long) r.count;
}

long cgroup_processes_read(struct arena *arena, const char *directory, uint32_t **pids)
{
	return read_processes(arena, directory, pids, read_below);
}

long cgroup_processes_read_one(struct arena *arena, const char *directory, uint32_t **pids)
{
	return read_processes(arena, directory, pids, read_one);
}
