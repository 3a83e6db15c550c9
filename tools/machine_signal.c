/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine_signal.h"

#include "registry/cleanup.h"
#include "registry/proc_file.h"
#include "registry/process.h"
#include "registry/process_stat.h"
#include "tools/machine_cgroup.h"
#include "tools/membership.h"
#include "tools/pid_namespace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <search.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* How long new processes are looked for, and what is in the middle of something waited for. */
#define HUNT_MS	 10000
#define PAUSE_MS 2

/* A process that a signal has gone to. */
struct hit {
	uint32_t pid;
	uint64_t start_time;
};

struct hunt {
	struct arena arena;
	struct membership membership;
	const struct machine *machine;
	int pidfd;     /* the leader's */
	int held;      /* its pid namespace, if it leads one: held, its inode isn't used again */
	ino_t inode;   /* of that, or 0 */
	bool spare_ns; /* what is in the namespace dies with the leader */
	struct hit *hits;
	size_t n_hits;
	void *tree; /* of the hits, tsearch(3) */
};

static int send_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int machine_signal_leader(struct snapshot *snapshot, const struct machine *machine, int signal)
{
	CLEANUP_CLOSE int pidfd = leader_open(&machine->leader, &snapshot->meta.origin);

	return pidfd < 0 ? pidfd : send_signal(pidfd, signal);
}

static int compare_hits(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->start_time < y->start_time ? -1 : x->start_time > y->start_time;
}

static void keep_nothing(void *item)
{
	(void) item;
}

static void hunt_done(struct hunt *hunt)
{
	if (hunt->pidfd >= 0)
		close(hunt->pidfd);
	if (hunt->held >= 0)
		close(hunt->held);
	tdestroy(hunt->tree, keep_nothing);
	arena_done(&hunt->arena);
}

/* Whether this process dies with the leader: it is in the namespace, or in one inside it. */
static bool is_spared(const struct hunt *hunt, uint32_t pid)
{
	ino_t inodes[PID_NAMESPACES_MAX];
	int count = hunt->spare_ns ? pid_namespaces_read(pid, inodes) : 0;

	for (int i = 0; i < count; i++)
		if (inodes[i] == hunt->inode)
			return true;
	return false;
}

static bool is_members(struct hunt *hunt, uint32_t pid)
{
	struct machine found;

	return membership_find(&hunt->membership, pid, &found) == 0 &&
	       found.sequence == hunt->machine->sequence && !is_spared(hunt, pid);
}

/* 1 if it is the machine's, and was hit now for the first time; 0 if not. */
static int hit(struct hunt *hunt, uint32_t pid, int signal)
{
	CLEANUP_CLOSE int fd = -1;
	struct process_stat stat;
	struct hit *hit;

	/* Most processes aren't, which takes no descriptor to see. */
	if (pid == (uint32_t) getpid() || !is_members(hunt, pid))
		return 0;
	fd = (int) syscall(SYS_pidfd_open, (pid_t) pid, 0);
	if (fd < 0 || process_stat_read(pid, &stat) < 0 ||
	    tfind(&(struct hit){ pid, stat.start_time }, &hunt->tree, compare_hits))
		return 0;
	/* If it still is there, it was looked at, and not another one of its pid. */
	if (!is_members(hunt, pid) || !leader_is_running(fd) || send_signal(fd, signal) < 0)
		return 0;
	hit = arena_copy(&hunt->arena, &(struct hit){ pid, stat.start_time }, sizeof *hit);
	if (!tsearch(hit, &hunt->tree, compare_hits))
		arena_out_of_memory();
	hunt->hits = arena_grow(&hunt->arena, hunt->hits, hunt->n_hits, sizeof *hit);
	hunt->hits[hunt->n_hits++] = *hit;
	return 1;
}

/* Those that aren't hit yet. Returns how many there were, or a negative errno. */
static long hit_once(struct hunt *hunt, int signal)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct process *processes;
	long count = processes_read(&arena, &processes), news = 0;

	for (long i = 0; i < count; i++)
		news += hit(hunt, processes[i].pid, signal);
	return count < 0 ? count : news;
}

/* Whether no thread of the process runs on. */
static bool has_stopped(uint32_t pid)
{
	char path[PROC_PATH_SIZE];
	struct dirent *entry;
	bool stopped = true;
	DIR *threads;

	proc_path(path, pid, "task");
	threads = opendir(path);
	while (stopped && threads && (entry = readdir(threads))) {
		struct process_stat stat;
		uint32_t thread;

		if (id_parse(entry->d_name, &thread) == 0 && process_stat_read(thread, &stat) == 0)
			stopped = strchr("TtZX", stat.state) != NULL;
	}
	if (threads)
		closedir(threads);
	return stopped;
}

/* One that is stopped in the middle of fork(2) goes on to its end: there is another child then. */
static bool all_have_stopped(const struct hunt *hunt)
{
	for (size_t i = 0; i < hunt->n_hits; i++)
		if (!has_stopped(hunt->hits[i].pid))
			return false;
	return true;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until there are none that it hasn't hit, and there can't be. */
static int hit_all(struct hunt *hunt, int signal)
{
	bool had_stopped = signal != SIGSTOP;
	long news = 1;

	for (int64_t end = now_ms() + HUNT_MS; now_ms() < end;) {
		news = hit_once(hunt, signal);
		if (news < 0 || (news == 0 && had_stopped))
			return (int) news;
		/* What they have forked before that, the next look sees. */
		if (signal == SIGSTOP)
			had_stopped = all_have_stopped(hunt);
		if (!had_stopped)
			poll(NULL, 0, PAUSE_MS);
	}
	/* What waits for a disk doesn't stop, nor go on. */
	return news == 0 ? 0 : -EAGAIN;
}

/*
 * Those that are stopped by now: who has died meanwhile, and whose pid is
 * another's, isn't. Children first: a stopped one whose parent dies may be
 * continued, setpgid(2).
 */
static void kill_hits(const struct hunt *hunt)
{
	for (size_t i = hunt->n_hits; i-- > 0;) {
		const struct hit *hit = &hunt->hits[i];
		CLEANUP_CLOSE int fd = (int) syscall(SYS_pidfd_open, (pid_t) hit->pid, 0);
		struct process_stat stat;

		if (fd >= 0 && process_stat_read(hit->pid, &stat) == 0 &&
		    stat.start_time == hit->start_time && leader_is_running(fd))
			send_signal(fd, SIGKILL);
	}
}

/*
 * The kernel kills all of a pid namespace with its init. What is elsewhere is
 * stopped first, so that it makes no more of itself, and as the machine's is
 * known by a leader that lives.
 */
static int kill_by_leader(struct hunt *hunt)
{
	int r, sent;

	hunt->spare_ns = hunt->inode != 0;
	r = hit_all(hunt, SIGSTOP);
	kill_hits(hunt);
	sent = send_signal(hunt->pidfd, SIGKILL);
	return sent < 0 && sent != -ESRCH ? sent : r;
}

static int kill_all(struct hunt *hunt)
{
	struct machine_cgroup cgroup;
	bool is_frozen = false;
	int r = machine_cgroup_find(&cgroup, hunt->membership.snapshot, &hunt->arena,
				    hunt->machine);

	if (r == 0 && machine_cgroup_kill(&cgroup) < 0)
		is_frozen = machine_cgroup_freeze(&cgroup, true) == 0;
	r = kill_by_leader(hunt);
	/* With version 1, what is frozen doesn't die. */
	if (is_frozen)
		machine_cgroup_freeze(&cgroup, false);
	return r;
}

static int hunt_begin(struct hunt *hunt)
{
	struct snapshot *snapshot = hunt->membership.snapshot;
	const struct machine *m = hunt->machine;
	char path[PROC_PATH_SIZE];
	struct stat st;

	hunt->pidfd = leader_open(&m->leader, &snapshot->meta.origin);
	if (hunt->pidfd < 0)
		return hunt->pidfd;
	if (pid_namespace_is_led_by(m->leader.pid)) {
		proc_path(path, m->leader.pid, "ns/pid");
		hunt->held = open(path, O_RDONLY | O_CLOEXEC);
		if (hunt->held < 0 || fstat(hunt->held, &st) < 0)
			return -errno;
		hunt->inode = st.st_ino;
	}
	return leader_is_running(hunt->pidfd) ? 0 : -ESRCH;
}

/* A unit that the caller is in, too, isn't the machine's, whatever was said. */
static bool is_callers_unit(const struct cgroup_hierarchy *cgroups, const struct machine *machine)
{
	char own[UNIT_NAME_SIZE];

	return process_unit_is_shared(cgroups, machine->leader.pid, machine->unit) ||
	       (process_read_unit(cgroups, 0, own) == 0 && strcmp(own, machine->unit) == 0);
}

int machine_signal_all(struct snapshot *snapshot, const struct machine *machine, int signal)
{
	CLEANUP(hunt_done) struct hunt hunt = { .machine = machine, .pidfd = -1, .held = -1 };
	struct cgroup_hierarchy cgroups;
	int r;

	hunt.membership = (struct membership){ .snapshot = snapshot, .arena = &hunt.arena };
	r = hunt_begin(&hunt);
	if (r < 0)
		return r;
	if (machine->unit && cgroup_hierarchy_find(&cgroups) == 0 &&
	    !is_callers_unit(&cgroups, machine))
		hunt.membership.cgroups = &cgroups;
	return signal == SIGKILL ? kill_all(&hunt) : hit_all(&hunt, signal);
}
