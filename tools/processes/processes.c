/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/processes/processes.h"

#include "base/cleanup.h"
#include "base/number.h"
#include "base/proc_file.h"
#include "host/process_status.h"
#include "registry/name.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* More than the ancestors of any process. */
#define ANCESTORS_MAX 1024

static int compare(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

struct process *processes_find(struct process *processes, size_t count, uint32_t pid)
{
	const struct process key = { .pid = pid };

	return count ? bsearch(&key, processes, count, sizeof key, compare) : NULL;
}

long processes_read(struct arena *arena, struct process **processes)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	if (!proc)
		return -errno;
	*processes = NULL;
	while ((entry = readdir(proc))) {
		struct process_status status;
		struct process process;

		if (id_parse(entry->d_name, &process.pid) < 0 ||
		    process_status_read(process.pid, &status) < 0 ||
		    process_status_is_dead(&status))
			continue;
		process.parent = status.parent;
		*processes = arena_grow(arena, *processes, count, sizeof process);
		(*processes)[count++] = process;
	}
	closedir(proc);
	if (count)
		qsort(*processes, count, sizeof **processes, compare);
	return (long) count;
}

long processes_complete(struct process *processes, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(processes, count, sizeof *processes, compare);
	for (size_t i = 0; i < count; i++) {
		struct process_status status;

		if ((kept && processes[kept - 1].pid == processes[i].pid) ||
		    process_status_read(processes[i].pid, &status) < 0 ||
		    process_status_is_dead(&status))
			continue;
		processes[kept++] = (struct process){ processes[i].pid, status.parent };
	}
	return (long) kept;
}

static size_t add_children(struct arena *arena, uint32_t pid, const char *thread,
			   uint32_t **children, size_t count)
{
	char file[sizeof "task//children" + 16];
	CLEANUP_FREE char *text = NULL;
	char *end;

	snprintf(file, sizeof file, "task/%.16s/children", thread);
	text = proc_read_text(pid, file);
	for (char *at = text; at; at = end) {
		uint32_t child = (uint32_t) strtoul(at, &end, 10);

		if (end == at)
			break;
		*children = arena_grow(arena, *children, count, sizeof child);
		(*children)[count++] = child;
	}
	return count;
}

size_t processes_read_children(struct arena *arena, uint32_t pid, uint32_t **children)
{
	char path[PROC_PATH_SIZE];
	struct dirent *entry;
	size_t count = 0;
	DIR *threads;

	*children = NULL;
	proc_path(path, pid, "task");
	threads = opendir(path);
	if (!threads)
		return 0;
	while ((entry = readdir(threads)))
		if (entry->d_name[0] != '.')
			count = add_children(arena, pid, entry->d_name, children, count);
	closedir(threads);
	return count;
}

bool process_descends_from(uint32_t pid, uint32_t ancestor)
{
	struct process_status status;

	for (int i = 0; i < ANCESTORS_MAX && pid != ancestor; i++) {
		if (pid <= 1 || process_status_read(pid, &status) < 0)
			return false;
		pid = status.parent;
	}
	return pid == ancestor;
}
