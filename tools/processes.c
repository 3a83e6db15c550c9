/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/processes.h"

#include "registry/name.h"
#include "registry/process_stat.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

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
		struct process_stat stat;
		struct process process;

		if (id_parse(entry->d_name, &process.pid) < 0 ||
		    process_stat_read(process.pid, &stat) < 0 || process_stat_is_dead(&stat))
			continue;
		process.parent = stat.parent;
		*processes = arena_grow(arena, *processes, count, sizeof process);
		(*processes)[count++] = process;
	}
	closedir(proc);
	if (count)
		qsort(*processes, count, sizeof **processes, compare);
	return (long) count;
}
