/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine_cgroup.h"

#include "registry/cgroup.h"
#include "registry/cleanup.h"
#include "registry/proc_file.h"
#include "tools/membership.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

/* How long the kernel may take to freeze what is in the middle of something. */
#define FREEZE_TRIES   500
#define FREEZE_WAIT_MS 10

/* The hierarchies that can freeze, with those of version 2 first. */
static const struct freezer {
	struct cgroup_hierarchy hierarchy;
	long type;
	const char *state_file;
	const char *frozen; /* what is in it then */
	const char *file;
	const char *words[2]; /* to thaw, to freeze */
} freezers[] = {
	{ { "/sys/fs/cgroup", "0::", "" },
	  CGROUP2_SUPER_MAGIC,
	  "cgroup.events",
	  "frozen 1",
	  "cgroup.freeze",
	  { "0", "1" } },
	{ { "/sys/fs/cgroup/unified", "0::", "" },
	  CGROUP2_SUPER_MAGIC,
	  "cgroup.events",
	  "frozen 1",
	  "cgroup.freeze",
	  { "0", "1" } },
	{ { "/sys/fs/cgroup/freezer", ":freezer:", "" },
	  CGROUP_SUPER_MAGIC,
	  "freezer.state",
	  "FROZEN",
	  "freezer.state",
	  { "THAWED", "FROZEN" } },
};

#define N_FREEZERS (sizeof freezers / sizeof *freezers)

static bool is_mounted(const struct freezer *freezer)
{
	struct statfs fs;

	return statfs(freezer->hierarchy.mount, &fs) == 0 && fs.f_type == freezer->type;
}

/* A process, and where it is. */
struct inmate {
	const char *path;
	bool is_members;
};

/* What of the processes is in this cgroup, or below it. */
struct population {
	size_t members, others;
};

static bool is_in(const char *path, const char *cgroup, size_t length)
{
	return strncmp(path, cgroup, length) == 0 && (path[length] == '/' || !path[length]);
}

static struct population count_in(const struct inmate *inmates, size_t count, const char *cgroup,
				  size_t length)
{
	struct population found = { 0 };

	for (size_t i = 0; i < count; i++)
		if (is_in(inmates[i].path, cgroup, length))
			(*(inmates[i].is_members ? &found.members : &found.others))++;
	return found;
}

/*
 * Of the cgroups from the leader's upwards, the lowest with all of the machine's
 * processes, if it has no others. Bytes of its path, or 0.
 */
static size_t find_own(const struct inmate *inmates, size_t count, const char *leaders)
{
	size_t all = count_in(inmates, count, "", 0).members;

	for (size_t length = strlen(leaders); length > 1; length--) {
		struct population found;

		if (leaders[length] && leaders[length] != '/')
			continue;
		found = count_in(inmates, count, leaders, length);
		if (found.others)
			return 0;
		if (found.members == all)
			return length;
	}
	return 0;
}

static size_t read_inmates(const struct freezer *freezer, struct membership *mb,
			   const struct machine *machine, struct inmate **inmates)
{
	size_t count = 0;

	for (size_t i = 0; i < mb->n_processes; i++) {
		CLEANUP_FREE char *path =
			cgroup_read_path(&freezer->hierarchy, mb->processes[i].pid);
		struct machine found;
		struct inmate inmate;

		if (!path)
			continue;
		inmate.path = arena_strdup(mb->arena, path);
		inmate.is_members = membership_find(mb, mb->processes[i].pid, &found) == 0 &&
				    found.sequence == machine->sequence;
		/* The kernel's own are in the root. */
		if (!inmate.is_members && strcmp(path, "/") == 0)
			continue;
		*inmates = arena_grow(mb->arena, *inmates, count, sizeof inmate);
		(*inmates)[count++] = inmate;
	}
	return count;
}

static bool find_in(const struct freezer *freezer, struct membership *mb,
		    const struct machine *machine, struct machine_cgroup *cgroup)
{
	CLEANUP_FREE char *path = cgroup_read_path(&freezer->hierarchy, machine->leader.pid);
	struct inmate *inmates = NULL;
	size_t count, length;

	/* One above the root of the caller's cgroup namespace can't be reached. */
	if (!path || strstr(path, "/.."))
		return false;
	count = read_inmates(freezer, mb, machine, &inmates);
	length = find_own(inmates, count, path);
	if (length == 0)
		return false;
	cgroup->path =
		arena_printf(mb->arena, "%s%.*s", freezer->hierarchy.mount, (int) length, path);
	cgroup->has_version_2 = freezer->type == CGROUP2_SUPER_MAGIC;
	return true;
}

int machine_cgroup_find(struct machine_cgroup *cgroup, struct snapshot *snapshot,
			struct arena *arena, const struct machine *machine)
{
	struct cgroup_hierarchy cgroups;
	struct membership mb = {
		.snapshot = snapshot,
		.arena = arena,
		.cgroups = cgroup_hierarchy_find(&cgroups) == 0 ? &cgroups : NULL,
	};
	long count = processes_read(arena, &mb.processes);

	if (count < 0)
		return (int) count;
	mb.n_processes = (size_t) count;
	for (size_t i = 0; i < N_FREEZERS; i++)
		if (is_mounted(&freezers[i]) && find_in(&freezers[i], &mb, machine, cgroup))
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

/* 1, 0, or a negative errno. */
static int is_frozen(const struct freezer *freezer, const char *cgroup)
{
	CLEANUP_FREE char *text = NULL;
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/%s", cgroup, freezer->state_file) >= (int) sizeof path)
		return -ENAMETOOLONG;
	text = file_read_text(path);
	return text ? strstr(text, freezer->frozen) != NULL : -errno;
}

static const struct freezer *freezer_of(const struct machine_cgroup *cgroup)
{
	return cgroup->has_version_2 ? &freezers[0] : &freezers[N_FREEZERS - 1];
}

int machine_cgroup_freeze(const struct machine_cgroup *cgroup, bool frozen)
{
	const struct freezer *freezer = freezer_of(cgroup);

	for (int i = 0; i < FREEZE_TRIES; i++) {
		/* Version 1 may stop half way, and goes on when it is told again. */
		int r = write_word(cgroup->path, freezer->file, freezer->words[frozen]);

		if (r == 0)
			r = is_frozen(freezer, cgroup->path);
		if (r < 0 || r == frozen)
			return r < 0 ? r : 0;
		poll(NULL, 0, FREEZE_WAIT_MS);
	}
	/* Not half of it. */
	if (frozen)
		write_word(cgroup->path, freezer->file, freezer->words[false]);
	return -ETIMEDOUT;
}

int machine_cgroup_kill(const struct machine_cgroup *cgroup)
{
	int r = cgroup->has_version_2 ? write_word(cgroup->path, "cgroup.kill", "1") : -EOPNOTSUPP;

	return r == -ENOENT ? -EOPNOTSUPP : r;
}

bool process_is_frozen(uint32_t pid)
{
	for (size_t i = 0; i < N_FREEZERS; i++) {
		CLEANUP_FREE char *path = NULL;
		char cgroup[PATH_MAX];

		if (!is_mounted(&freezers[i]))
			continue;
		path = cgroup_read_path(&freezers[i].hierarchy, pid);
		if (path && strcmp(path, "/") != 0 &&
		    snprintf(cgroup, sizeof cgroup, "%s%s", freezers[i].hierarchy.mount, path) <
			    (int) sizeof cgroup &&
		    is_frozen(&freezers[i], cgroup) > 0)
			return true;
	}
	return false;
}
