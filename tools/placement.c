/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/placement.h"

#include "registry/cleanup.h"
#include "registry/proc_file.h"
#include "tools/arena.h"
#include "tools/message.h"
#include "tools/peer.h"
#include "tools/pid_namespace.h"
#include "tools/processes.h"
#include "tools/program.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define SLICE "machine.slice"

/* xattr(7): on cgroups, too, and root's alone. */
#define MARK "trusted.mymachines"

/* A machine that forks faster than it is moved is given up on. */
#define PASSES_MAX 100

/* How long systemd may take to start the scope, and how often it is looked for. */
#define START_WAIT_MS 3000
#define START_STEP_MS 10

/* All but letters, digits, "_" and "." as \xNN: systemd-escape(1). */
static int placement_name(const char *name, char unit[static UNIT_NAME_SIZE])
{
	char escaped[4 * MACHINE_NAME_SIZE], *to = escaped;

	for (; *name; name++)
		to += *name == '-' ? sprintf(to, "\\x2d") : sprintf(to, "%c", *name);
	return snprintf(unit, UNIT_NAME_SIZE, "machine-%s.scope", escaped) < UNIT_NAME_SIZE
		       ? 0
		       : -ENAMETOOLONG;
}

static bool is_below(uint32_t pid, ino_t namespace)
{
	ino_t inodes[PID_NAMESPACES_MAX];
	int count = pid_namespaces_read(pid, inodes);

	while (count > 0)
		if (inodes[--count] == namespace)
			return true;
	return false;
}

/* The machine's: the leader, what is in its pid namespace or one below, and their children. */
static size_t find_processes(struct arena *arena, uint32_t leader, uint32_t **pids)
{
	struct process *all;
	long count = processes_read(arena, &all);
	ino_t inside = pid_namespace_inode(leader);
	bool is_led = pid_namespace_is_led_by(leader);
	bool *found, more = true;
	size_t n = 0;

	if (count <= 0)
		return 0;
	*pids = arena_alloc(arena, (size_t) count * sizeof **pids);
	found = arena_alloc(arena, (size_t) count * sizeof *found);
	for (long i = 0; i < count; i++)
		found[i] = all[i].pid == leader || (is_led && is_below(all[i].pid, inside));
	/* Pids are used again, so that a child's may be the lesser one. */
	while (more) {
		more = false;
		for (long i = 0; i < count; i++) {
			const struct process *parent =
				found[i] ? NULL
					 : processes_find(all, (size_t) count, all[i].parent);

			if (parent && found[parent - all])
				more = found[i] = true;
		}
	}
	for (long i = 0; i < count; i++)
		if (found[i])
			(*pids)[n++] = all[i].pid;
	return n;
}

static int write_number(const char *path, uint32_t number)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
	char text[16];
	int length = snprintf(text, sizeof text, "%u", number);

	return fd < 0 || write(fd, text, (size_t) length) < 0 ? -errno : 0;
}

/* Where a machine's processes are taken from: cgroups that aren't any manager's work. */
struct loose {
	char *own;	   /* the caller's */
	const char *start; /* the leader's, at first */
};

static bool is_root(const struct cgroup_hierarchy *cgroups, const char *path)
{
	return strcmp(path, "/") == 0 || strcmp(path, cgroups->root) == 0;
}

/* Sessions and user managers hold what was started from a shell. */
static bool is_session(const struct cgroup_hierarchy *cgroups, const char *path)
{
	char unit[UNIT_NAME_SIZE];

	return cgroup_unit(path, cgroups->root, unit) == 0 &&
	       (strncmp(unit, "session-", 8) == 0 || strncmp(unit, "user@", 5) == 0);
}

static bool is_loose(const struct cgroup_hierarchy *cgroups, const struct loose *loose,
		     const char *path)
{
	return is_root(cgroups, path) || (loose->own && strcmp(path, loose->own) == 0) ||
	       (loose->start && strcmp(path, loose->start) == 0);
}

/* Move those that are in one. Returns how many, or a negative errno. */
static int move_once(const struct cgroup_hierarchy *cgroups, const struct loose *loose,
		     uint32_t leader, const char *procs)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	uint32_t *pids;
	size_t count = find_processes(&arena, leader, &pids);
	int moved = 0;

	for (size_t i = 0; i < count; i++) {
		CLEANUP_FREE char *path = cgroup_read_path(cgroups, pids[i]);
		int r;

		if (!path || !is_loose(cgroups, loose, path))
			continue;
		r = write_number(procs, pids[i]);
		if (r < 0 && r != -ESRCH)
			return r;
		moved += r == 0;
	}
	return moved;
}

/* All of them: what was forked meanwhile is where its parent was. */
static int move_all(const struct cgroup_hierarchy *cgroups, const struct loose *loose,
		    uint32_t leader, const char *procs)
{
	for (int i = 0; i < PASSES_MAX; i++) {
		int r = move_once(cgroups, loose, leader, procs);

		if (r <= 0)
			return r;
	}
	return -EAGAIN;
}

/* What is made here is marked, so that only that is removed again. */
static int make_directory(const char *path)
{
	if (mkdir(path, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	setxattr(path, MARK, "", 0, 0);
	return 0;
}

static int make_cgroup(const struct cgroup_hierarchy *cgroups, const char *unit, char *path,
		       size_t size)
{
	int length = snprintf(path, size, "%s%s/" SLICE, cgroups->mount, cgroups->root);
	int r = make_directory(path);

	if (r < 0)
		return r;
	snprintf(path + length, size - (size_t) length, "/%s", unit);
	return make_directory(path);
}

#define CGROUP_PATH_SIZE (PATH_MAX + UNIT_NAME_SIZE + 64)

static bool is_among(const uint32_t *pids, size_t count, uint32_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* A cgroup that was there already: 0, or -EBUSY where others than the machine's are in it. */
static int check_others(uint32_t leader, const char *procs)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP_FREE char *text = file_read_text(procs);
	uint32_t *pids = NULL, pid;
	size_t count;
	char *rest;

	if (!text)
		return -errno;
	if (!*text)
		return 0;
	count = find_processes(&arena, leader, &pids);
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (id_parse(line, &pid) == 0 && !is_among(pids, count, pid))
			return -EBUSY;
	return 0;
}

static int enter_alone(const struct cgroup_hierarchy *cgroups, const struct loose *loose,
		       uint32_t leader, const char *unit)
{
	char path[CGROUP_PATH_SIZE];
	int r = make_cgroup(cgroups, unit, path, sizeof path);

	if (r < 0)
		return r;
	strcat(path, "/cgroup.procs");
	r = check_others(leader, path);
	return r < 0 ? r : move_all(cgroups, loose, leader, path);
}

/* org.freedesktop.systemd1(5), StartTransientUnit(), with the leader alone. */
static int start_scope(const char *name, const char *unit, uint32_t leader)
{
	char description[MACHINE_NAME_SIZE + 16], pid[16];
	const char *const call[] = {
		/* clang-format off */
		"busctl", "--quiet", "--system", "--timeout=3", "call",
		"org.freedesktop.systemd1", "/org/freedesktop/systemd1",
		"org.freedesktop.systemd1.Manager", "StartTransientUnit", "ssa(sv)a(sa(sv))",
		unit, "fail", "5",
		"Description", "s", description,
		"Slice", "s", SLICE,
		"Delegate", "b", "true",
		"CollectMode", "s", "inactive-or-failed",
		"PIDs", "au", "1", pid,
		"0", NULL,
		/* clang-format on */
	};

	snprintf(description, sizeof description, "Machine %s", name);
	snprintf(pid, sizeof pid, "%u", leader);
	return run_program(call, false);
}

/* The reply only says that a job was queued. */
static int wait_for_unit(const struct cgroup_hierarchy *cgroups, uint32_t leader, const char *unit)
{
	static const struct timespec step = { .tv_nsec = START_STEP_MS * 1000000 };

	for (int waited = 0; waited < START_WAIT_MS; waited += START_STEP_MS) {
		char there[UNIT_NAME_SIZE];

		if (process_read_unit(cgroups, leader, there) == 0 && strcmp(there, unit) == 0)
			return 0;
		nanosleep(&step, NULL);
	}
	return -ETIME;
}

/* The scope is delegated: the others follow the leader without asking. */
static int enter_by_systemd(const struct cgroup_hierarchy *cgroups, const struct loose *loose,
			    const char *name, uint32_t leader, const char *unit)
{
	CLEANUP_FREE char *path = NULL;
	char procs[CGROUP_PATH_SIZE], there[UNIT_NAME_SIZE];
	int r = 0;

	if (process_read_unit(cgroups, leader, there) < 0 || strcmp(there, unit) != 0)
		r = start_scope(name, unit, leader);
	if (r == 0)
		r = wait_for_unit(cgroups, leader, unit);
	if (r < 0)
		return r;
	path = cgroup_read_path(cgroups, leader);
	if (!path)
		return -errno;
	snprintf(procs, sizeof procs, "%s%s/cgroup.procs", cgroups->mount, path);
	return move_all(cgroups, loose, leader, procs);
}

static const char *failure_words(int error)
{
	switch (error) {
	case -EPROTO: return "systemd refuses; busctl has said why";
	case -EBUSY: return "others are in it";
	case -ETIME: return "systemd has not started it";
	case -EAGAIN: return "the machine's processes fork faster than they can be moved";
	default: return error_words(error);
	}
}

/* Whether the leader may be moved, or has been before. Otherwise it says why not. */
static bool may_place(const struct cgroup_hierarchy *cgroups, struct loose *loose,
		      const char *subject, uint32_t leader, const char *former, const char *unit)
{
	if (former && strcmp(former, unit) == 0)
		return true;
	if (former) {
		complain("%s: leader %u is in %s already; --scope has nothing to do", subject,
			 leader, former);
		return false;
	}
	if (!loose->start ||
	    is_loose(cgroups, &(struct loose){ .own = loose->own }, loose->start) ||
	    is_session(cgroups, loose->start))
		return true;
	complain("%s: leader %u is in cgroup %s, where a manager has put it; --scope leaves it "
		 "there",
		 subject, leader, loose->start);
	return false;
}

static int enter(const char *subject, const struct cgroup_hierarchy *cgroups,
		 const struct loose *loose, const char *name, uint32_t leader, const char *unit)
{
	int r = systemd_is_running() ? enter_by_systemd(cgroups, loose, name, leader, unit)
				     : enter_alone(cgroups, loose, leader, unit);

	if (r < 0)
		complain("%s: cannot move leader %u to " SLICE "/%s: %s", subject, leader, unit,
			 failure_words(r));
	return r < 0 ? -1 : 1;
}

int placement_enter(const char *subject, const char *name, uint32_t leader, const char *former,
		    char unit[static UNIT_NAME_SIZE])
{
	CLEANUP_FREE char *own = NULL, *start = NULL;
	struct cgroup_hierarchy cgroups;
	struct loose loose;

	if (placement_name(name, unit) < 0) {
		complain("%s: is too long a name for a scope", subject);
		return -1;
	}
	if (cgroup_hierarchy_find(&cgroups) < 0) {
		complain(
			"%s: no cgroup hierarchy is mounted where libsystemd looks; see cgroups(7)",
			subject);
		return -1;
	}
	own = cgroup_read_path(&cgroups, 0);
	start = cgroup_read_path(&cgroups, leader);
	loose = (struct loose){ own, start };
	if (!may_place(&cgroups, &loose, subject, leader, former, unit))
		return 0;
	/* The second time it is in its scope itself: what is there is in its place. */
	if (former)
		loose.start = NULL;
	return enter(subject, &cgroups, &loose, name, leader, unit);
}

static int remove_directory(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void) st;
	(void) ftw;
	if (type == FTW_DP)
		rmdir(path);
	return 0;
}

/* cgroup2 says so of a cgroup with all below it. */
static bool is_unpopulated(const char *cgroup)
{
	char path[CGROUP_PATH_SIZE + sizeof "/cgroup.events"];
	CLEANUP_FREE char *events = NULL;

	snprintf(path, sizeof path, "%s/cgroup.events", cgroup);
	events = file_read_text(path);
	return events && strstr(events, "populated 0");
}

static bool is_ours(const char *path)
{
	return getxattr(path, MARK, NULL, 0) >= 0;
}

void placement_leave(const char *unit)
{
	struct cgroup_hierarchy cgroups;
	char path[CGROUP_PATH_SIZE];
	int length;

	if (strncmp(unit, "machine-", 8) != 0 || systemd_is_running() ||
	    cgroup_hierarchy_find(&cgroups) < 0)
		return;
	length = snprintf(path, sizeof path, "%s%s/" SLICE, cgroups.mount, cgroups.root);
	snprintf(path + length, sizeof path - (size_t) length, "/%s", unit);
	if (!is_ours(path))
		return;
	/* What the machine had made below it, where nothing of it is left; one in use stays anyway. */
	if (is_unpopulated(path))
		nftw(path, remove_directory, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	else
		rmdir(path);
	path[length] = '\0';
	if (is_ours(path))
		rmdir(path);
}
