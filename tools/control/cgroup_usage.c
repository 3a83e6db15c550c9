/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/cgroup_usage.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "host/cgroup.h"
#include "tools/control/machine_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A hierarchy of version 1, which cgroups(7) mounts under one of these names. */
struct controller {
	struct cgroup_hierarchy hierarchies[2];
};

static const struct controller cpu_controller = { {
	{ "/sys/fs/cgroup/cpuacct", ":cpuacct:", "" },
	{ "/sys/fs/cgroup/cpu,cpuacct", ":cpu,cpuacct:", "" },
} };
static const struct controller memory_controller = { { { "/sys/fs/cgroup/memory",
							 ":memory:", "" } } };
static const struct controller pids_controller = { { { "/sys/fs/cgroup/pids", ":pids:", "" } } };

/* The number that a file of a cgroup has, behind a word if there is one. */
static bool read_number(const char *directory, const char *file, const char *word, uint64_t *number)
{
	char path[PATH_MAX], text[4096], *found = text;
	CLEANUP_CLOSE int fd = -1;
	ssize_t n;

	if (snprintf(path, sizeof path, "%s/%s", directory, file) >= (int) sizeof path)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	if (word)
		found = strstr(text, word);
	return found && sscanf(found + (word ? strlen(word) : 0), "%" SCNu64, number) == 1;
}

/*
 * The directory of the same cgroup in another hierarchy, if the leader is in it or below it
 * there, too. `path` is relative to the mount.
 */
static bool find_directory(const struct controller *controller, uint32_t leader, const char *path,
			   char directory[static PATH_MAX])
{
	for (size_t i = 0; i < ARRAY_SIZE(controller->hierarchies); i++) {
		const struct cgroup_hierarchy *h = &controller->hierarchies[i];
		CLEANUP_FREE char *own = h->mount ? cgroup_read_path(h, leader) : NULL;
		size_t length = strlen(path);

		if (own && strncmp(own, path, length) == 0 &&
		    (!own[length] || own[length] == '/') &&
		    snprintf(directory, PATH_MAX, "%s%s", h->mount, path) < PATH_MAX)
			return true;
	}
	return false;
}

static void read_version_2(const char *directory, struct cgroup_usage *usage)
{
	usage->has_cpu = read_number(directory, "cpu.stat", "usage_usec ", &usage->cpu_us);
	usage->has_memory = read_number(directory, "memory.current", NULL, &usage->memory);
	usage->has_tasks = read_number(directory, "pids.current", NULL, &usage->tasks);
}

/* The controllers that are mounted by themselves: some, beside version 2, or all. */
static void read_version_1(const char *path, uint32_t leader, struct cgroup_usage *usage)
{
	char directory[PATH_MAX];
	uint64_t ns;

	if (!usage->has_cpu && find_directory(&cpu_controller, leader, path, directory) &&
	    read_number(directory, "cpuacct.usage", NULL, &ns)) {
		usage->has_cpu = true;
		usage->cpu_us = ns / 1000;
	}
	if (!usage->has_memory && find_directory(&memory_controller, leader, path, directory))
		usage->has_memory =
			read_number(directory, "memory.usage_in_bytes", NULL, &usage->memory);
	if (!usage->has_tasks && find_directory(&pids_controller, leader, path, directory))
		usage->has_tasks = read_number(directory, "pids.current", NULL, &usage->tasks);
}

/* The path of a cgroup's directory below the mount of its hierarchy. */
static const char *path_in_hierarchy(const char *directory)
{
	static const char *const mounts[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup/freezer",
					      "/sys/fs/cgroup" };

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		if (strncmp(directory, mounts[i], strlen(mounts[i])) == 0 &&
		    directory[strlen(mounts[i])] == '/')
			return directory + strlen(mounts[i]);
	return "";
}

struct cgroup_usage cgroup_usage_read(struct machine_processes *processes)
{
	uint32_t leader = processes->machine->leader.pid;
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct cgroup_usage usage = { 0 };
	struct machine_cgroup cgroup;

	if (machine_cgroup_find(&cgroup, processes, &arena) < 0)
		return usage;
	if (cgroup.has_version_2)
		read_version_2(cgroup.path, &usage);
	if (*path_in_hierarchy(cgroup.path))
		read_version_1(path_in_hierarchy(cgroup.path), leader, &usage);
	return usage;
}
