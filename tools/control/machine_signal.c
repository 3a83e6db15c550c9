/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/machine_signal.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/pidfd.h"
#include "base/proc_file.h"
#include "host/process.h"
#include "host/process_status.h"
#include "registry/lookup.h"
#include "tools/control/machine_cgroup.h"
#include "tools/control/machine_service.h"
#include "tools/processes/cgroup_processes.h"
#include "tools/processes/machine_processes.h"
#include "tools/processes/machine_unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <search.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long to look for new processes, and to wait for those that don't stop at once. */
#define SEARCH_MS 10000
#define PAUSE_MS  2

/* One search alone may take longer than that, if the machine has made thousands of cgroups. */
#define SEARCHES_MIN 3

/* How long the service of a machine may take to stop. */
#define SERVICE_STOP_MS 10000

/* How long the supervisors in a machine's unit may take to end after SIGTERM. */
#define SUPERVISORS_MS 2000

/* A process that is killed may first have to finish writing to a disk. */
#define END_MS 10000

/* A process that has got the signal. */
struct signalled {
	uint32_t pid;
	uint64_t number; /* process_number_read() */
};

struct signalling {
	struct arena arena;
	struct machine_processes processes;
	int pidfd;		 /* the leader's */
	bool skip_pid_namespace; /* the kernel kills its processes with the leader */
	int error;		 /* the first of a process that can't be signalled, or 0 */
	struct signalled *signalled;
	size_t n_signalled;
	void *tree; /* of the same, tsearch(3) */
};

int signal_target_parse(const char *text, enum signal_target *target)
{
	static const char *const names[] = {
		[SIGNAL_ALL] = "all", [SIGNAL_LEADER] = "leader", [SIGNAL_SUPERVISOR] = "supervisor"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*target = (enum signal_target) i;
			return 0;
		}
	return -EINVAL;
}

int leader_signal(struct snapshot *snapshot, const struct machine *machine, int signal)
{
	CLEANUP_CLOSE int pidfd = leader_open(&machine->leader, &snapshot->meta.context);

	return pidfd < 0 ? pidfd : pidfd_signal(pidfd, signal);
}

static int compare_signalled(const void *a, const void *b)
{
	const struct signalled *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void keep_nothing(void *item)
{
	(void) item;
}

static void signalling_done(struct signalling *s)
{
	cleanup_close(&s->pidfd);
	machine_processes_close(&s->processes);
	tdestroy(s->tree, keep_nothing);
	arena_done(&s->arena);
}

static bool is_to_be_signalled(struct signalling *s, uint32_t pid)
{
	return machine_processes_has(&s->processes, pid) &&
	       !(s->skip_pid_namespace && machine_processes_in_namespace(&s->processes, pid));
}

/* Signal a process if it is the machine's. 1 if it got the signal now for the first time. */
static int signal_process(struct signalling *s, uint32_t pid, int signal)
{
	CLEANUP_CLOSE int fd = -1;
	struct signalled *done;
	uint64_t number;
	int r;

	/* Most processes aren't the machine's: don't open a descriptor for these. */
	if (pid == (uint32_t) getpid() || !is_to_be_signalled(s, pid))
		return 0;
	fd = pidfd_of((pid_t) pid);
	if (fd < 0 || process_number_read(pid, fd, &number) < 0 ||
	    tfind(&(struct signalled){ pid, number }, &s->tree, compare_signalled))
		return 0;
	/* If it still runs, this looks at the process of the pidfd, not at a reused pid. */
	if (!is_to_be_signalled(s, pid) || !pidfd_is_alive(fd))
		return 0;
	r = pidfd_signal(fd, signal);
	if (r < 0 && r != -ESRCH && s->error == 0)
		s->error = r;
	if (r < 0)
		return 0;
	done = arena_copy(&s->arena, &(struct signalled){ pid, number }, sizeof *done);
	if (!tsearch(done, &s->tree, compare_signalled))
		arena_out_of_memory();
	s->signalled = arena_grow(&s->arena, s->signalled, s->n_signalled, sizeof *done);
	s->signalled[s->n_signalled++] = *done;
	return 1;
}

/* Signal those that haven't got it yet. Returns how many, or a negative errno. */
static long signal_once(struct signalling *s, int signal)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct process *processes;
	long count = machine_processes_list(&s->processes, &arena, &processes), news = 0;

	for (long i = 0; i < count; i++)
		news += signal_process(s, processes[i].pid, signal);
	return count < 0 ? count : news;
}

/* Whether all threads of the process have stopped. */
static bool has_stopped(uint32_t pid)
{
	char path[PROC_PATH_SIZE];
	struct dirent *entry;
	bool stopped = true;
	DIR *threads;

	proc_path(path, pid, "task");
	threads = opendir(path);
	while (stopped && threads && (entry = readdir(threads))) {
		struct process_status status;
		uint32_t thread;

		if (id_parse(entry->d_name, &thread) == 0 &&
		    process_status_read(thread, &status) == 0)
			stopped = strchr("TtZX", status.state) != NULL;
	}
	if (threads)
		closedir(threads);
	return stopped;
}

/* A process that is stopped in the middle of fork(2) finishes that first: then there is one more child. */
static bool all_have_stopped(const struct signalling *s)
{
	for (size_t i = 0; i < s->n_signalled; i++)
		if (!has_stopped(s->signalled[i].pid))
			return false;
	return true;
}

/*
 * Signal all, until there are no new ones, nor can be. 0; -EAGAIN if there is no end of new ones; or another
 * negative errno, also if some can't be signalled.
 */
static int signal_all(struct signalling *s, int signal)
{
	int64_t end = clock_milliseconds(CLOCK_MONOTONIC) + SEARCH_MS;
	bool had_stopped = signal != SIGSTOP;
	long news = 1;

	for (int searches = 0; searches < SEARCHES_MIN || clock_milliseconds(CLOCK_MONOTONIC) < end;
	     searches++) {
		news = signal_once(s, signal);
		if (news < 0)
			return (int) news;
		if (news == 0 && had_stopped)
			return s->error;
		/* Children that they forked before they stopped are found by the next search. */
		if (signal == SIGSTOP)
			had_stopped = all_have_stopped(s);
		if (!had_stopped)
			poll(NULL, 0, PAUSE_MS);
	}
	/* A process that waits for a disk doesn't stop, but makes no children either. */
	return news == 0 ? s->error : -EAGAIN;
}

/*
 * Kill those that are stopped, except pids that were reused. Children first: the kernel
 * may continue a stopped process when its parent dies, setpgid(2).
 */
static void kill_signalled(const struct signalling *s)
{
	for (size_t i = s->n_signalled; i-- > 0;) {
		const struct signalled *process = &s->signalled[i];
		CLEANUP_CLOSE int fd = pidfd_of((pid_t) process->pid);
		uint64_t number;

		if (fd >= 0 && process_number_read(process->pid, fd, &number) == 0 &&
		    number == process->number && pidfd_is_alive(fd))
			pidfd_signal(fd, SIGKILL);
	}
}

/*
 * The kernel kills all of a pid namespace with its init. Processes elsewhere are
 * stopped first, so that they make no more children. The leader is killed last,
 * because processes are only known as the machine's while it lives.
 */
static int kill_by_leader(struct signalling *s)
{
	int r, sent;

	s->skip_pid_namespace = s->processes.inode != 0;
	r = signal_all(s, SIGSTOP);
	kill_signalled(s);
	sent = pidfd_signal(s->pidfd, SIGKILL);
	return sent < 0 && sent != -ESRCH ? sent : r;
}

static int kill_all(struct signalling *s)
{
	struct machine_cgroup cgroup;
	bool is_frozen = false;
	int r = machine_cgroup_find(&cgroup, &s->processes, &s->arena);

	if (r == 0 && machine_cgroup_kill(&cgroup) < 0)
		is_frozen = machine_cgroup_freeze(&cgroup, true) == 0;
	r = kill_by_leader(s);
	/* In a frozen cgroup of version 1, processes don't die. */
	if (is_frozen)
		(void) !machine_cgroup_thaw(&cgroup, &s->processes);
	return r;
}

static int signal_machine(struct snapshot *snapshot, const struct machine *machine, int signal)
{
	CLEANUP(signalling_done)
	struct signalling s = { .pidfd = -1, .processes.namespace = -1 };
	struct cgroup_hierarchy cgroups;
	bool has_cgroups = cgroup_hierarchy_find(&cgroups) == 0;
	int r = s.pidfd = leader_open(&machine->leader, &snapshot->meta.context);

	if (r < 0)
		return r;
	r = machine_processes_open(&s.processes, snapshot, has_cgroups ? &cgroups : NULL, &s.arena,
				   machine);
	if (r < 0)
		return r;
	return signal == SIGKILL ? kill_all(&s) : signal_all(&s, signal);
}

static int signal_supervisor(struct snapshot *snapshot, const struct machine *m, int signal,
			     struct failure *f)
{
	CLEANUP_CLOSE int pidfd = -1;
	int r;

	if (!m->supervisor.pid)
		return failure_set(f, FAILURE_NO_PROCESS, "%s: has no supervisor", m->name);
	r = pidfd = leader_open(&m->supervisor, &snapshot->meta.context);
	if (r >= 0)
		r = pidfd_signal(pidfd, signal);
	if (r == -ESRCH)
		return failure_set(f, FAILURE_NO_PROCESS,
				   "%s: cannot send the signal: its supervisor has died", m->name);
	return r < 0 ? machine_failure(f, m, "send the signal", r) : 0;
}

int machine_signal(struct snapshot *snapshot, const struct machine *m, enum signal_target target,
		   int signal, struct failure *f)
{
	int r;

	if (target == SIGNAL_SUPERVISOR)
		return signal_supervisor(snapshot, m, signal, f);
	r = target == SIGNAL_LEADER ? leader_signal(snapshot, m, signal)
				    : signal_machine(snapshot, m, signal);
	if (r == -EAGAIN)
		return failure_set(f, FAILURE_TIMED_OUT,
				   "%s: makes processes faster than they get the signal; "
				   "see 'mymachines terminate'",
				   m->name);
	return r < 0 ? machine_failure(f, m, "send the signal", r) : 0;
}

/* 0, -ETIMEDOUT, or another negative errno. */
static int wait_for_end(int pidfd, int milliseconds)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };
	int r = poll(&poller, 1, milliseconds);

	return r < 0 ? -errno : r > 0 ? 0 : -ETIMEDOUT;
}

/* A machine's own unit: what is left in it after the machine's death are its supervisors. */
struct own_unit {
	struct cgroup_hierarchy cgroups;
	const char *name;
	int directory; /* of its cgroup: if the unit is started again, it is another one */
};

/* Whether the process of a pidfd, which is opened by a number that was read before, is in the unit. */
static bool is_in_unit(const struct own_unit *unit, int pidfd, uint32_t pid)
{
	return process_is_in_unit(&unit->cgroups, pid, unit->name) && pidfd_is_alive(pidfd);
}

/* Signal all living processes in the unit but this one, 0 for none. Returns how many there are. */
static size_t signal_supervisors(const struct own_unit *unit, int signal)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	uint32_t *pids;
	const char *directory = arena_printf(&arena, "/proc/self/fd/%d", unit->directory);
	long count = cgroup_processes_read(&arena, directory, &pids);
	size_t living = 0;

	for (long i = 0; i < count; i++) {
		CLEANUP_CLOSE int pidfd = pids[i] ? pidfd_of((pid_t) pids[i]) : -1;
		struct process_status status;

		if (pidfd < 0 || pids[i] == (uint32_t) getpid() ||
		    process_status_read(pids[i], &status) < 0 || process_status_is_dead(&status) ||
		    !is_in_unit(unit, pidfd, pids[i]))
			continue;
		living++;
		if (signal)
			pidfd_signal(pidfd, signal);
	}
	return living;
}

/*
 * End what is left of the unit, as the service manager would by stopping it: SIGTERM, and
 * SIGKILL after a while.
 */
static void end_supervisors(const struct own_unit *unit)
{
	int64_t end = clock_milliseconds(CLOCK_MONOTONIC) + SUPERVISORS_MS;

	signal_supervisors(unit, SIGTERM);
	while (signal_supervisors(unit, 0) && clock_milliseconds(CLOCK_MONOTONIC) < end)
		poll(NULL, 0, PAUSE_MS);
	signal_supervisors(unit, SIGKILL);
}

/* Find the machine's own unit. False if it has none. */
static bool find_own_unit(struct snapshot *snapshot, const struct machine *m, struct arena *arena,
			  struct own_unit *unit)
{
	CLEANUP(machine_processes_close) struct machine_processes p = { .namespace = -1 };

	if (!m->unit || cgroup_hierarchy_find(&unit->cgroups) < 0 ||
	    machine_processes_open(&p, snapshot, &unit->cgroups, arena, m) < 0 ||
	    !machine_owns_unit(&p))
		return false;
	unit->name = m->unit;
	unit->directory =
		open(arena_printf(arena, "%s%s", unit->cgroups.mount, machine_unit_cgroup(&p)),
		     O_PATH | O_DIRECTORY | O_CLOEXEC);
	return unit->directory >= 0;
}

static void own_unit_done(struct own_unit *unit)
{
	cleanup_close(&unit->directory);
}

/* Kill its processes, and wait until its leader has died. 0 or a negative errno. */
static int kill_machine(struct snapshot *snapshot, const struct machine *m, int pidfd)
{
	int r = signal_machine(snapshot, m, SIGKILL);

	return r == 0 || r == -ESRCH ? wait_for_end(pidfd, END_MS) : r;
}

/* 0 or a negative errno. */
static int end_machine(struct snapshot *snapshot, const struct machine *m)
{
	CLEANUP_CLOSE int pidfd = leader_open(&m->leader, &snapshot->meta.context);
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct failure ignored;
	CLEANUP(own_unit_done) struct own_unit unit = { .directory = -1 };
	bool has_unit, is_stopped;
	int r;

	if (pidfd < 0)
		return pidfd;
	/* Before its processes die: after that, nothing tells that the unit was its own. */
	has_unit = find_own_unit(snapshot, m, &arena, &unit);
	/* A service that doesn't stop soon, or can't be stopped, is killed like other machines. */
	is_stopped = has_unit && machine_service_stop(snapshot, m, &ignored) > 0;
	if (is_stopped && wait_for_end(pidfd, SERVICE_STOP_MS) == 0)
		return 0;
	r = kill_machine(snapshot, m, pidfd);
	if (r == 0 && has_unit && !is_stopped)
		end_supervisors(&unit);
	return r;
}

int machine_terminate(struct snapshot *snapshot, const struct machine *m, struct failure *f)
{
	int r = end_machine(snapshot, m);

	if (r == -EAGAIN)
		return failure_set(f, FAILURE_TIMED_OUT,
				   "%s: makes processes faster than they can be killed", m->name);
	return r < 0 && r != -ESRCH ? machine_failure(f, m, "terminate it", r) : 0;
}
