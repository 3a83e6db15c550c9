/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/machine_cgroup.h"

#include "base/cleanup.h"
#include "host/process_status.h"
#include "tools/control/freezer.h"
#include "tools/processes/cgroup_processes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* How long the kernel may take to freeze processes that are in a system call. */
#define FREEZE_TRIES   500
#define FREEZE_WAIT_MS 10

/* Cut a cgroup's path to the part that it shares with another. */
static void cut_to_shared(char *cgroup, const char *path)
{
	while (*cgroup && !cgroup_path_is_within(path, cgroup))
		*strrchr(cgroup, '/') = '\0';
}

/*
 * Cut the leader's cgroup to the lowest one that has all of the machine's processes. 0 or a negative errno: a
 * process can be in a cgroup whose path is too long to be told, so that nobody knows where it is.
 */
static int cut_to_all(const struct freezer *freezer, const struct process *list, size_t count,
		      char *cgroup)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP_FREE char *path = cgroup_read_path(&freezer->hierarchy, list[i].pid);

		/* It may have died meanwhile. */
		if (!path && errno != ENOENT && errno != ESRCH)
			return -errno;
		if (path)
			cut_to_shared(cgroup, path);
	}
	return 0;
}

/* Whether a cgroup and those below it have no other process. */
static bool has_no_others(struct machine_processes *p, const char *directory)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	uint32_t *pids;
	long count = cgroup_processes_read(&arena, directory, &pids);

	for (long i = 0; i < count; i++) {
		struct process_status status;

		if (pids[i] &&
		    (process_status_read(pids[i], &status) < 0 || process_status_is_dead(&status) ||
		     machine_processes_has(p, pids[i])))
			continue;
		return false;
	}
	return count > 0;
}

/*
 * From the leader's cgroup upwards, find the lowest one that has all of the machine's processes.
 * It is the machine's if it has no others.
 */
static bool find_in_hierarchy(const struct freezer *freezer, struct machine_processes *p,
			      struct arena *arena, struct machine_cgroup *cgroup)
{
	CLEANUP_FREE char *path = cgroup_read_path(&freezer->hierarchy, p->machine->leader.pid);
	struct process *list;
	char *directory;
	long count;

	/* A cgroup above the root of the caller's cgroup namespace can't be reached. */
	if (!path || strstr(path, "/.."))
		return false;
	count = machine_processes_list(p, arena, &list);
	if (count <= 0 || cut_to_all(freezer, list, (size_t) count, path) < 0 || !path[0] ||
	    !path[1])
		return false;
	directory = arena_printf(arena, "%s%s", freezer->hierarchy.mount, path);
	*cgroup = (struct machine_cgroup){ directory, freezer_has_version_2(freezer) };
	return has_no_others(p, directory);
}

int machine_cgroup_find(struct machine_cgroup *cgroup, struct machine_processes *processes,
			struct arena *arena)
{
	for (size_t i = 0; i < FREEZERS; i++)
		if (freezer_is_mounted(&freezers[i]) &&
		    find_in_hierarchy(&freezers[i], processes, arena, cgroup))
			return 0;
	return -ENOENT;
}

static int write_word(const char *cgroup, const char *file, const char *word)
{
	char path[PATH_MAX];
	CLEANUP_CLOSE int fd = -1;

	if (snprintf(path, sizeof path, "%s/%s", cgroup, file) >= (int) sizeof path)
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, word, strlen(word)) < 0)
		return -errno;
	return 0;
}

static const struct freezer *freezer_of(const struct machine_cgroup *cgroup)
{
	return cgroup->has_version_2 ? &freezers[0] : &freezers[FREEZERS - 1];
}

int machine_cgroup_freeze(const struct machine_cgroup *cgroup, bool frozen)
{
	const struct freezer *freezer = freezer_of(cgroup);

	for (int i = 0; i < FREEZE_TRIES; i++) {
		/* Version 1 may stop half way, and goes on when it is written again. */
		int r = write_word(cgroup->path, freezer->file, freezer->words[frozen]);

		if (r == 0)
			r = freezer_look(freezer, AT_FDCWD, cgroup->path);
		if (r < 0 || r == frozen)
			return r < 0 ? r : 0;
		poll(NULL, 0, FREEZE_WAIT_MS);
	}
	/* Don't leave half of it frozen. */
	if (frozen)
		write_word(cgroup->path, freezer->file, freezer->words[false]);
	return -ETIMEDOUT;
}

int machine_cgroup_thaw(const struct machine_cgroup *cgroup, struct machine_processes *p)
{
	CLEANUP_FREE char *above = strdup(cgroup->path);
	const struct freezer *freezer = freezer_of(cgroup);
	const size_t root = strlen(freezer->hierarchy.mount);
	char *end;
	int r = above ? 0 : -ENOMEM;

	/* A process that has died meanwhile may have been in a cgroup of its own. */
	while (r == 0 && (end = strrchr(above, '/')) && end > above + root) {
		*end = '\0';
		if (freezer_has_frozen(freezer, above) && has_no_others(p, above))
			r = write_word(above, freezer->file, freezer->words[false]);
	}
	return r < 0 ? r : machine_cgroup_freeze(cgroup, false);
}

int machine_cgroup_kill(const struct machine_cgroup *cgroup)
{
	int r = cgroup->has_version_2 ? write_word(cgroup->path, "cgroup.kill", "1") : -EOPNOTSUPP;

	return r == -ENOENT ? -EOPNOTSUPP : r;
}
