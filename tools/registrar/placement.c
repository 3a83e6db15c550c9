/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/placement.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/lines.h"
#include "base/number.h"
#include "base/pidfd.h"
#include "base/proc_file.h"
#include "base/program.h"
#include "host/systemd.h"
#include "registry/lookup.h"
#include "tools/processes/pid_namespace.h"
#include "tools/processes/processes.h"
#include "tools/registrar/scope_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/* Give up on a machine that forks faster than its processes are moved. */
#define PASSES_MAX 100

/* How long systemd may take to start the scope, and how often to look for it. */
#define START_WAIT_MS 3000
#define START_STEP_MS 10

/* How long asking it may take, with the way to it. */
#define CALL_MILLISECONDS 4000

static bool is_below(uint32_t pid, ino_t namespace)
{
	ino_t inodes[PID_NAMESPACES_MAX];
	int count = pid_namespaces_read(pid, inodes);

	while (count > 0)
		if (inodes[--count] == namespace)
			return true;
	return false;
}

/*
 * The machine's processes: the leader, all in its pid namespace or one below
 * it, and their descendants.
 */
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
	/* Pids wrap around, so a child may come before its parent. */
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

/* The cgroups that a machine's processes may be moved from: no manager has put them there. */
struct movable_cgroups {
	char *own;	   /* that of the calling process */
	const char *start; /* that of the leader, before it was moved */
};

static bool is_root(const struct cgroup_hierarchy *cgroups, const char *path)
{
	return strcmp(path, "/") == 0 || strcmp(path, cgroups->root) == 0;
}

/* In sessions and user managers are programs that were started from a shell. */
static bool is_session(const struct cgroup_hierarchy *cgroups, const char *path)
{
	char unit[UNIT_NAME_SIZE];

	return cgroup_unit(path, cgroups->root, unit) == 0 &&
	       (strncmp(unit, "session-", 8) == 0 || strncmp(unit, "user@", 5) == 0);
}

static bool is_movable(const struct cgroup_hierarchy *cgroups,
		       const struct movable_cgroups *movable, const char *path)
{
	return is_root(cgroups, path) || (movable->own && strcmp(path, movable->own) == 0) ||
	       (movable->start && strcmp(path, movable->start) == 0);
}

/* Move the processes that are in such a cgroup. Returns how many, or a negative errno. */
static int move_once(const struct cgroup_hierarchy *cgroups, const struct movable_cgroups *movable,
		     uint32_t leader, const char *procs)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	uint32_t *pids;
	size_t count = find_processes(&arena, leader, &pids);
	int moved = 0;

	for (size_t i = 0; i < count; i++) {
		CLEANUP_FREE char *path = cgroup_read_path(cgroups, pids[i]);
		int r;

		if (!path || !is_movable(cgroups, movable, path))
			continue;
		r = write_number(procs, pids[i]);
		if (r < 0 && r != -ESRCH)
			return r;
		moved += r == 0;
	}
	return moved;
}

/* Repeat until none is left: a process that was forked meanwhile is where its parent was. */
static int move_all(const struct cgroup_hierarchy *cgroups, const struct movable_cgroups *movable,
		    uint32_t leader, const char *procs)
{
	for (int i = 0; i < PASSES_MAX; i++) {
		int r = move_once(cgroups, movable, leader, procs);

		if (r <= 0)
			return r;
	}
	return -EAGAIN;
}

static bool is_among(const uint32_t *pids, size_t count, uint32_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* 0, or -EBUSY if a cgroup that existed before has processes of others in it. */
static int check_others(uint32_t leader, const char *procs)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP_FREE char *text = file_read_text(procs);
	uint32_t *pids = NULL, pid;
	size_t count;

	if (!text)
		return -errno;
	if (!*text)
		return 0;
	count = find_processes(&arena, leader, &pids);
	for (char *line, *rest = text; (line = line_next(&rest));)
		if (id_parse(line, &pid) == 0 && !is_among(pids, count, pid))
			return -EBUSY;
	return 0;
}

static int enter_without_systemd(const struct cgroup_hierarchy *cgroups,
				 const struct movable_cgroups *movable, uint32_t leader,
				 const char *unit)
{
	char path[SCOPE_PATH_SIZE];
	int r = scope_cgroup_make(cgroups, unit, path);

	if (r < 0)
		return r;
	strcat(path, "/cgroup.procs");
	r = check_others(leader, path);
	return r < 0 ? r : move_all(cgroups, movable, leader, path);
}

/* org.freedesktop.systemd1(5), StartTransientUnit(), with the leader as its only process. */
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
		"Slice", "s", SCOPE_SLICE,
		"Delegate", "b", "true",
		"CollectMode", "s", "inactive-or-failed",
		"PIDs", "au", "1", pid,
		"0", NULL,
		/* clang-format on */
	};

	int r;

	snprintf(description, sizeof description, "Machine %s", name);
	snprintf(pid, sizeof pid, "%u", leader);
	r = run_program(call, false, CALL_MILLISECONDS);
	return r == -ETIMEDOUT ? -ETIME : r;
}

static bool has_died(uint32_t pid)
{
	CLEANUP_CLOSE int pidfd = pidfd_of((pid_t) pid);

	return pidfd == -ESRCH || (pidfd >= 0 && !pidfd_is_alive(pidfd));
}

/* The reply means only that a job was queued. */
static int wait_for_unit(const struct cgroup_hierarchy *cgroups, uint32_t leader, const char *unit)
{
	static const struct timespec step = { .tv_nsec = START_STEP_MS * 1000000 };

	for (int waited = 0; waited < START_WAIT_MS; waited += START_STEP_MS) {
		if (process_is_in_unit(cgroups, leader, unit))
			return 0;
		if (has_died(leader))
			return -ESRCH;
		nanosleep(&step, NULL);
	}
	return -ETIME;
}

/*
 * Start the scope of a leader. If the leader was a zombie when systemd moved it, or will be then, the scope is
 * empty from its beginning: systemd sees no change that would end it, so it, or its job, is ended here. And a
 * job whose turn hasn't come would move the leader when nobody expects it any more.
 */
static int start_and_wait(const struct cgroup_hierarchy *cgroups, const char *name, uint32_t leader,
			  const char *unit)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	int r = start_scope(name, unit, leader);
	struct failure unknown;

	if (r < 0)
		return r;
	r = wait_for_unit(cgroups, leader, unit);
	if (r == -ESRCH && !scope_cgroup_has_process(cgroups, unit))
		(void) !systemd_stop_unit(&arena, unit, &unknown);
	if (r != -ETIME)
		return r;
	(void) !systemd_cancel_job(&arena, unit, &unknown);
	return process_is_in_unit(cgroups, leader, unit) ? 0 : r;
}

/* The scope is delegated, so the other processes can be moved without asking systemd. */
static int enter_by_systemd(const struct cgroup_hierarchy *cgroups,
			    const struct movable_cgroups *movable, const char *name,
			    uint32_t leader, const char *unit)
{
	CLEANUP_FREE char *path = NULL;
	char procs[SCOPE_PATH_SIZE];
	int r = 0;

	if (!process_is_in_unit(cgroups, leader, unit))
		r = start_and_wait(cgroups, name, leader, unit);
	if (r < 0)
		return r;
	path = cgroup_read_path(cgroups, leader);
	if (!path)
		return -errno;
	snprintf(procs, sizeof procs, "%s%s/cgroup.procs", cgroups->mount, path);
	return move_all(cgroups, movable, leader, procs);
}

static const char *placement_error_words(int error)
{
	switch (error) {
	case -EPROTO: return "systemd refuses it";
	case -EBUSY: return "it has processes of others in it";
	case -ETIME: return "systemd has not started it";
	case -ESRCH: return "it has ended";
	case -EAGAIN: return "the machine's processes fork faster than they can be moved";
	default: return registry_writer_error_words(error);
	}
}

/* Whether the leader may be moved, or was before. If not, a notice says why. */
static bool may_place(const struct cgroup_hierarchy *cgroups, const struct movable_cgroups *movable,
		      const char *subject, uint32_t leader, const char *former, const char *unit,
		      struct notices *notices)
{
	if (former && strcmp(former, unit) == 0)
		return true;
	if (former) {
		notices_add(notices, NOTICE_WARNING,
			    "%s: leader %u is in %s already; --scope has nothing to do", subject,
			    leader, former);
		return false;
	}
	if (!movable->start ||
	    is_movable(cgroups, &(struct movable_cgroups){ .own = movable->own }, movable->start) ||
	    is_session(cgroups, movable->start))
		return true;
	notices_add(notices, NOTICE_WARNING,
		    "%s: leader %u is in cgroup %s, where a manager has put it; --scope leaves it "
		    "there",
		    subject, leader, movable->start);
	return false;
}

static int enter(const struct cgroup_hierarchy *cgroups, const struct movable_cgroups *movable,
		 const char *name, uint32_t leader, const char *unit, struct failure *f)
{
	int r = systemd_is_running() ? enter_by_systemd(cgroups, movable, name, leader, unit)
				     : enter_without_systemd(cgroups, movable, leader, unit);

	if (r >= 0)
		return 1;
	failure_set(f, failure_kind_of(r), "cannot move leader %u to " SCOPE_SLICE "/%s: %s",
		    leader, unit, placement_error_words(r));
	f->error = r;
	return -1;
}

static int find_and_enter(const char *subject, const char *name, uint32_t leader,
			  const char *former, const char *unit, struct notices *notices,
			  struct failure *f)
{
	CLEANUP_FREE char *own = NULL, *start = NULL;
	struct cgroup_hierarchy cgroups;
	struct movable_cgroups movable;

	if (cgroup_hierarchy_find(&cgroups) < 0)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "no cgroup hierarchy is mounted where libsystemd looks; see "
				   "cgroups(7)");
	own = cgroup_read_path(&cgroups, 0);
	start = cgroup_read_path(&cgroups, leader);
	movable = (struct movable_cgroups){ own, start };
	if (!may_place(&cgroups, &movable, subject, leader, former, unit, notices))
		return 0;
	/* It is in its scope already: processes in there stay. */
	if (former)
		movable.start = NULL;
	return enter(&cgroups, &movable, name, leader, unit, f);
}

int placement_enter(const char *subject, const char *name, uint32_t leader, const char *former,
		    const char *unit, struct notices *notices, struct failure *f)
{
	int r = find_and_enter(subject, name, leader, former, unit, notices, f);

	return r < 0 ? failure_prefix(f, "%s", subject) : r;
}
