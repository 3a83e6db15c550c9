/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/machine_cgroup.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/proc_file.h"
#include "host/cgroup.h"
#include "registry/process_stat.h"
#include "tools/processes/cgroup_processes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

/* How long the kernel may take to freeze processes that are in a system call. */
#define FREEZE_TRIES   500
#define FREEZE_WAIT_MS 10

/* The hierarchies that can freeze, those of version 2 first. */
static const struct freezer {
	struct cgroup_hierarchy hierarchy;
	long type;
	const char *state_file;
	const char *frozen; /* the text in it if the cgroup is frozen */
	const char *file;
	const char *words[2]; /* to write there: to thaw, to freeze */
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

/* include/uapi/linux/pidfd.h, Linux 6.13; as much of it as is used. */
#ifndef PIDFD_GET_INFO
struct pidfd_info {
	uint64_t mask;
	uint64_t cgroupid;
	uint32_t others[12];
};
#define PIDFD_INFO_CGROUPID (1u << 2)
#define PIDFD_GET_INFO	    _IOWR(0xff, 11, struct pidfd_info)
#endif

#define N_FREEZERS (ARRAY_SIZE(freezers))
_Static_assert(N_FREEZERS == FREEZERS, "each has its place in struct frozen_cgroups");

static bool is_mounted(const struct freezer *freezer)
{
	struct statfs fs;

	return statfs(freezer->hierarchy.mount, &fs) == 0 && fs.f_type == freezer->type;
}

/* Whether all of the machine's processes are in a cgroup or below it. */
static bool has_all(const struct freezer *freezer, const struct process *list, size_t count,
		    const char *cgroup)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP_FREE char *path = cgroup_read_path(&freezer->hierarchy, list[i].pid);

		/* It may have died meanwhile. */
		if (path && !cgroup_path_is_within(path, cgroup))
			return false;
	}
	return true;
}

/* Whether a cgroup and those below it have no other process. */
static bool has_no_others(struct machine_processes *p, const char *directory)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	uint32_t *pids;
	long count = cgroup_processes_read(&arena, directory, &pids);

	for (long i = 0; i < count; i++) {
		struct process_stat stat;

		if (pids[i] && (process_stat_read(pids[i], &stat) < 0 ||
				process_stat_is_dead(&stat) || machine_processes_has(p, pids[i])))
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
	char *directory, *slash;
	long count;

	/* A cgroup above the root of the caller's cgroup namespace can't be reached. */
	if (!path || strstr(path, "/.."))
		return false;
	count = machine_processes_list(p, arena, &list);
	while (count > 0 && path[1]) {
		if (has_all(freezer, list, (size_t) count, path)) {
			directory = arena_printf(arena, "%s%s", freezer->hierarchy.mount, path);
			*cgroup = (struct machine_cgroup){ directory,
							   freezer->type == CGROUP2_SUPER_MAGIC };
			return has_no_others(p, directory);
		}
		slash = strrchr(path, '/');
		slash[slash == path] = '\0';
	}
	return false;
}

int machine_cgroup_find(struct machine_cgroup *cgroup, struct machine_processes *processes,
			struct arena *arena)
{
	for (size_t i = 0; i < N_FREEZERS; i++)
		if (is_mounted(&freezers[i]) &&
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

/* 1, 0, or a negative errno. */
static int is_frozen(const struct freezer *freezer, const char *cgroup)
{
	char path[PATH_MAX], text[512];
	ssize_t n;

	if (snprintf(path, sizeof path, "%s/%s", cgroup, freezer->state_file) >= (int) sizeof path)
		return -ENAMETOOLONG;
	n = file_read_short(path, text, sizeof text);
	return n < 0 ? (int) n : strstr(text, freezer->frozen) != NULL;
}

static const struct freezer *freezer_of(const struct machine_cgroup *cgroup)
{
	return cgroup->has_version_2 ? &freezers[0] : &freezers[N_FREEZERS - 1];
}

int machine_cgroup_freeze(const struct machine_cgroup *cgroup, bool frozen)
{
	const struct freezer *freezer = freezer_of(cgroup);

	for (int i = 0; i < FREEZE_TRIES; i++) {
		/* Version 1 may stop half way, and goes on when it is written again. */
		int r = write_word(cgroup->path, freezer->file, freezer->words[frozen]);

		if (r == 0)
			r = is_frozen(freezer, cgroup->path);
		if (r < 0 || r == frozen)
			return r < 0 ? r : 0;
		poll(NULL, 0, FREEZE_WAIT_MS);
	}
	/* Don't leave half of it frozen. */
	if (frozen)
		write_word(cgroup->path, freezer->file, freezer->words[false]);
	return -ETIMEDOUT;
}

int machine_cgroup_kill(const struct machine_cgroup *cgroup)
{
	int r = cgroup->has_version_2 ? write_word(cgroup->path, "cgroup.kill", "1") : -EOPNOTSUPP;

	return r == -ENOENT ? -EOPNOTSUPP : r;
}

/* Whether version 1 has no cgroup but its root, which can't be frozen: cgroups(7), /proc/cgroups. */
static bool has_only_root(void)
{
	CLEANUP_FREE char *text = file_read_text("/proc/cgroups");
	const char *line = text ? strstr(text, "\nfreezer\t") : NULL;
	unsigned cgroups = 0;

	return line && sscanf(line, "\nfreezer %*u %u", &cgroups) == 1 && cgroups == 1;
}

void frozen_cgroups_begin(struct frozen_cgroups *known)
{
	known->is_by_id = true;
	known->id = 0;
	for (size_t i = 0; i < N_FREEZERS; i++) {
		bool has_version_2 = freezers[i].type == CGROUP2_SUPER_MAGIC;

		known->freezers[i].is_absent = !is_mounted(&freezers[i]) ||
					       (!has_version_2 && has_only_root());
		known->freezers[i].path[0] = '\0';
		known->is_by_id &= has_version_2 || known->freezers[i].is_absent;
	}
}

/* 1, 0, or a negative errno. */
static int is_frozen_in(struct frozen_cgroups *known, size_t i, const char *path, size_t length)
{
	const struct freezer *freezer = &freezers[i];
	char cgroup[PATH_MAX];
	int r;

	if (snprintf(cgroup, sizeof cgroup, "%s%.*s", freezer->hierarchy.mount, (int) length,
		     path) >= (int) sizeof cgroup)
		return -ENAMETOOLONG;
	if (strcmp(cgroup, known->freezers[i].path) == 0)
		return known->freezers[i].is_frozen;
	r = is_frozen(freezer, cgroup);
	if (r < 0)
		return r;
	strcpy(known->freezers[i].path, cgroup);
	known->freezers[i].is_frozen = r > 0;
	return r;
}

/* A hierarchy that isn't mounted has no such file. */
static int find_frozen(struct frozen_cgroups *known, const char *text)
{
	int r = 0;

	for (size_t i = 0; r != 1 && i < N_FREEZERS; i++) {
		size_t length;
		const char *path =
			known->freezers[i].is_absent
				? NULL
				: cgroup_find_path(text, freezers[i].hierarchy.prefix, &length);
		int found = path && length > 1 ? is_frozen_in(known, i, path, length) : 0;

		if (found == 1 || found == -EMFILE || found == -ENFILE)
			r = found;
	}
	return r;
}

static int look_frozen(uint32_t pid, struct frozen_cgroups *known)
{
	CLEANUP_FREE char *longer = NULL;
	char path[PROC_PATH_SIZE], text[4096];
	ssize_t n;

	proc_path(path, pid, "cgroup");
	n = file_read_short(path, text, sizeof text);
	if (n >= 0)
		return find_frozen(known, text);
	if (n != -E2BIG)
		return (int) n;
	longer = file_read_text(path);
	return longer ? find_frozen(known, longer) : -errno;
}

/* The id of its cgroup of version 2, which isn't used again; or 0 if it isn't known. */
static uint64_t pidfd_cgroup_id(int pidfd)
{
	struct pidfd_info info = { .mask = PIDFD_INFO_CGROUPID };

	return ioctl(pidfd, PIDFD_GET_INFO, &info) == 0 && info.mask & PIDFD_INFO_CGROUPID
		       ? info.cgroupid
		       : 0;
}

int process_look_frozen(uint32_t pid, int pidfd, struct frozen_cgroups *known)
{
	uint64_t id = known->is_by_id ? pidfd_cgroup_id(pidfd) : 0;
	int r;

	if (id && id == known->id)
		return known->is_frozen;
	r = look_frozen(pid, known);
	/* Not if it was moved meanwhile. */
	if (id && r >= 0 && pidfd_cgroup_id(pidfd) == id) {
		known->id = id;
		known->is_frozen = r > 0;
	}
	return r;
}

bool process_is_frozen(uint32_t pid)
{
	struct frozen_cgroups known = { 0 };

	return look_frozen(pid, &known) == 1;
}
