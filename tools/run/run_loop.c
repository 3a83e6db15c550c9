/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/run_loop.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/pidfd.h"
#include "base/program.h"
#include "host/cgroup.h"
#include "host/file_reader.h"
#include "host/process.h"
#include "host/process_status.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "tools/monitor/monitor_start.h"
#include "tools/processes/processes.h"
#include "tools/registrar/claims.h"
#include "tools/registrar/refresh.h"
#include "tools/registrar/unregister.h"
#include "tools/run/leader_search.h"
#include "tools/run/notify_socket.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* All times are in milliseconds. */

/* The time between looks for the leader doubles, up to a limit, and later up to another one. */
#define SEARCH_FIRST	2
#define SEARCH_MAX	100
#define SEARCH_LONG	10000 /* from here on the search is a long one, which is reported */
#define SEARCH_LONG_MAX 1000

/* systemd-nspawn announces its leader; only after this time is the leader searched for. */
#define ANNOUNCEMENT_MAX 5000

/* The time between refreshes of a new machine doubles, too: twenty seconds in all. */
#define REFRESH_FIRST 10
#define REFRESH_MAX   10240

/* The time between tries of a registration that failed for a reason that may pass. */
#define RETRY_FIRST 10000
#define RETRY_MAX   (300 * 1000)

/* How long a name is waited for whose machine's command has ended, and the time between looks. */
#define ENDING_MAX  10000
#define ENDING_STEP 10

enum phase {
	SEARCHING,
	REGISTERING, /* a worker registers the machine */
	SETTLING,    /* it is registered, and refreshed while the launcher sets it up */
	SETTLED,
	WAITING, /* the registration has failed, and is tried again */
	NOT_REGISTERED,
};

struct run {
	const struct run_settings *settings;
	struct registration *registration;
	const char *name;
	struct supervisor *supervisor;
	struct notices *notices;
	struct notify_socket notify; /* of systemd-nspawn alone */
	struct leader_search search;
	enum leader_search_result found;
	uint32_t announced; /* the leader, by systemd-nspawn, or 0 */
	bool is_reported;   /* that the search is a long one */
	enum phase phase;
	struct machine_leader leader;
	int pidfd;			  /* the leader's, or -1 */
	struct machine_leader registered; /* the last one that was, or pid 0 */
	int64_t started, next, delay, retry_delay;
	int64_t first_delay; /* before a search's first look; longer the more leaders were lost */
};

static int64_t now_milliseconds(void)
{
	return clock_milliseconds(CLOCK_MONOTONIC);
}

/* A failure that doesn't end the command, with the machine's name in front. */
static void warn(const struct run *run, struct failure *f)
{
	failure_prefix(f, "%s", run->name);
	notices_add_failure(run->notices, f);
}

/*
 * Whether the machine's command has ended, but not its leader. Then a supervisor beside
 * that command may be about to unregister the machine.
 */
static bool is_ending(struct snapshot *snapshot, const char *name)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine machine;

	return machine_name_fold(name, folded) &&
	       snapshot_find_name(snapshot, folded, &machine) == 0 && machine.supervisor.pid &&
	       !machine_supervisor(&machine, &snapshot->meta.context);
}

/* Is the name free? 0, or -1 with a failure: `ending` tells whether it may soon be free. */
static int check_claims(const struct run *run, bool *ending, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct claim_conflict conflict;
	int r;

	*ending = false;
	if (registry_open(&snapshot, f) < 0)
		return -1;
	if (!snapshot.is_open)
		return 0;
	r = claims_check(&snapshot, &run->registration->machine, run->settings->replace, &conflict);
	if (r == -EEXIST) {
		*ending = is_ending(&snapshot, conflict.holder);
		claim_failure(f, &conflict);
		return failure_prefix(f, "%s", run->name);
	}
	return r < 0 ? registry_failure(f, REGISTRY_PATH, r) : 0;
}

/* Before anything starts: can the registry be written, and is the name free? */
static int check_before_start(const struct run *run, struct failure *f)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };
	int64_t deadline = now_milliseconds() + ENDING_MAX;
	bool ending;
	int r = writer_prepare(&writer, REGISTRY_DIRECTORY);

	if (r < 0)
		return registry_failure(f, writer.blamed, r);
	while ((r = check_claims(run, &ending, f)) < 0 && ending && now_milliseconds() < deadline)
		poll(NULL, 0, ENDING_STEP);
	return r;
}

/* Jobs of a worker. 0, or -1 with a failure. */

/* The command manages the machine that it has started, as systemd-nspawn does. */
static void set_supervisor(const struct run *run)
{
	const struct machine_leader command = { .pid = (uint32_t) run->supervisor->command };
	struct failure f;

	if (!(run->registration->given & FIELD_SUPERVISOR) &&
	    run->registration->leader != run->supervisor->command)
		(void) !registration_set_supervisor_process(run->registration, &command, &f);
}

static int register_found(const struct run *run, struct failure *f)
{
	const struct registrar_options options = { .replace = run->settings->replace,
						   .is_starting = true };

	set_supervisor(run);
	return monitor_register(run->registration, 1, &options,
				run->settings->no_monitor ? NULL : program_own_path(), run->notices,
				f);
}

static int refresh_registered(const struct run *run, struct failure *f)
{
	const struct machine_identity machine = { run->name, run->leader };
	const struct refresh_options options = { .only_if_changed = true,
						 .neighbour_wait = NEIGHBOUR_WAIT,
						 .keep_dead = true,
						 .is_starting = true };

	return refresh_machines(&machine, 1, &options, run->notices, f) < 0 ? -1 : 0;
}

/* Whether another try may succeed, as nothing about the machine itself is wrong. */
static bool may_pass(const struct failure *f)
{
	switch (f->kind) {
	case FAILURE_BUSY:
	case FAILURE_TIMED_OUT:
	case FAILURE_NO_SPACE:
	case FAILURE_NO_MEMORY:
	case FAILURE_TOO_MANY: return true;
	default: return f->error == -EMFILE || f->error == -ENFILE || f->error == -EAGAIN;
	}
}

/* Whether the same failure was reported before. */
static bool is_known(const struct run *run, const struct failure *f)
{
	return (run->retry_delay > 0 && may_pass(f)) ||
	       (run->first_delay > SEARCH_FIRST && f->kind == FAILURE_NO_PROCESS);
}

static void start_worker(struct run *run, int (*job)(const struct run *run, struct failure *f))
{
	struct failure f;
	int r = supervisor_fork_worker(run->supervisor, &f);

	if (r < 0 && run->retry_delay == 0)
		warn(run, &f);
	if (r <= 0)
		return;
	r = job(run, &f);
	if (r < 0 && !is_known(run, &f))
		notices_add_failure(run->notices, &f);
	supervisor_leave_worker(r == 0	       ? WORKER_DONE
				: may_pass(&f) ? WORKER_MAY_RETRY
					       : WORKER_FAILED);
}

static void wait_before_next(struct run *run, int64_t delay)
{
	run->delay = delay;
	run->next = now_milliseconds() + delay;
}

static void forget_leader(struct run *run)
{
	cleanup_close(&run->pidfd);
	run->pidfd = -1;
}

static void begin_search(struct run *run)
{
	forget_leader(run);
	run->phase = SEARCHING;
	wait_before_next(run, run->first_delay);
}

/*
 * A launcher may make namespaces to try what it can, before those of the machine, and a
 * machine may reboot. But a build daemon makes some for each job, without end: each would
 * be a registration, and a message.
 */
static void count_lost_leader(struct run *run)
{
	if (run->first_delay >= SEARCH_LONG_MAX)
		return;
	run->first_delay *= 2;
	if (run->first_delay < SEARCH_LONG_MAX)
		return;
	run->first_delay = SEARCH_LONG_MAX;
	notices_add(run->notices, NOTICE_WARNING,
		    "%s: one leader after another has ended early: the next one is registered with "
		    "a delay",
		    run->name);
}

/* Search for the next leader of a machine that had one. */
static void search_next(struct run *run)
{
	if (run->announced == run->leader.pid)
		run->announced = 0;
	if (run->phase != SETTLED)
		count_lost_leader(run);
	begin_search(run);
	run->started = now_milliseconds();
	/* Most often, the command ends, too, and this is no news. */
	run->is_reported = true;
	leader_search_init(&run->search, (uint32_t) run->supervisor->command);
}

/* Take the process as the leader. False if it can't be one. */
static bool take_leader(struct run *run, uint32_t pid)
{
	int error;

	run->found = LEADER_FOUND;
	forget_leader(run);
	if (leader_inspect(pid, &run->leader, &run->pidfd, &error) != LEADER_OK)
		return false;
	run->registration->leader = pid;
	run->retry_delay = 0;
	return true;
}

static bool find_leader(struct run *run, uint32_t *leader)
{
	pid_t command = run->supervisor->command;
	int64_t now = now_milliseconds();

	if (run->registration->machine.class == MACHINE_VM) {
		*leader = (uint32_t) command;
		return !run->settings->daemonizes;
	}
	if (run->announced && process_descends_from(run->announced, (uint32_t) command)) {
		*leader = run->announced;
		return true;
	}
	/* nspawn knows best when its container is complete, but an old one doesn't announce it. */
	if (run->notify.fd >= 0 && now - run->started < ANNOUNCEMENT_MAX)
		return false;
	run->found = leader_search_look(&run->search, now, leader);
	return run->found == LEADER_FOUND;
}

static const char *search_words(const struct run *run)
{
	switch (run->found) {
	case LEADER_FOUND: return "its leader has ended too early";
	case LEADER_NOT_SEEN: break;
	case LEADER_WITHOUT_IDS: return "its user namespace had no id map";
	case LEADER_NOT_SETTLED: return "its namespaces were not complete";
	}
	return "no namespaces of its own were seen";
}

static void register_leader(struct run *run)
{
	run->phase = REGISTERING;
	start_worker(run, register_found);
}

static void search(struct run *run)
{
	bool is_long = now_milliseconds() - run->started >= SEARCH_LONG;
	int64_t most = is_long ? SEARCH_LONG_MAX : SEARCH_MAX;
	uint32_t leader;

	if (find_leader(run, &leader) && take_leader(run, leader)) {
		register_leader(run);
		return;
	}
	if (is_long && !run->is_reported && !run->settings->daemonizes) {
		notices_add(run->notices, NOTICE_WARNING, "%s: not registered so far: %s",
			    run->name, search_words(run));
		run->is_reported = true;
	}
	wait_before_next(run, run->delay * 2 < most ? run->delay * 2 : most);
}

/* The worker that was to register the machine has ended. */
static void take_result(struct run *run)
{
	enum worker_result result = run->supervisor->worker_result;

	if (result == WORKER_KILLED && run->retry_delay == 0)
		notices_add(run->notices, NOTICE_WARNING,
			    "%s: not registered so far: the process that does it was killed",
			    run->name);
	if (result == WORKER_DONE) {
		run->registered = run->leader;
		run->phase = SETTLING;
		run->retry_delay = 0;
		wait_before_next(run, REFRESH_FIRST);
	} else if (pidfd_is_alive(run->pidfd) && result != WORKER_FAILED) {
		run->phase = WAITING;
		run->retry_delay = run->retry_delay == 0 ? RETRY_FIRST : run->retry_delay * 2;
		if (run->retry_delay > RETRY_MAX)
			run->retry_delay = RETRY_MAX;
		wait_before_next(run, run->retry_delay);
	} else if (pidfd_is_alive(run->pidfd)) {
		run->phase = NOT_REGISTERED;
	} else {
		count_lost_leader(run);
		begin_search(run);
	}
}

/* The launcher may still change the root, the user namespace or the interfaces. */
static void settle(struct run *run)
{
	if (run->delay > REFRESH_MAX) {
		run->phase = SETTLED;
		run->first_delay = SEARCH_FIRST;
		return;
	}
	start_worker(run, refresh_registered);
	wait_before_next(run, run->delay * 2);
}

/*
 * Whether the leader has died while its launcher goes on: it may start another one, as systemd-nspawn does when
 * its container reboots.
 */
static bool has_lost_leader(const struct run *run)
{
	return (run->phase == SETTLING || run->phase == SETTLED || run->phase == WAITING ||
		run->phase == NOT_REGISTERED) &&
	       run->pidfd >= 0 && !pidfd_is_alive(run->pidfd);
}

/* Do what is due. Returns how long to wait until more is, or -1 for ever. */
static int step(struct run *run)
{
	int64_t now;

	/* Its end is a signal. */
	if (run->supervisor->worker)
		return -1;
	if (run->phase == REGISTERING)
		take_result(run);
	if (has_lost_leader(run))
		search_next(run);
	now = now_milliseconds();
	if (run->phase == SEARCHING && (now >= run->next || run->announced))
		search(run);
	else if (run->phase == SETTLING && now >= run->next)
		settle(run);
	else if (run->phase == WAITING && now >= run->next)
		register_leader(run);
	/* No worker could be made. */
	if (run->phase == REGISTERING && !run->supervisor->worker)
		take_result(run);
	if (run->supervisor->worker ||
	    (run->phase != SEARCHING && run->phase != SETTLING && run->phase != WAITING))
		return -1;
	now = now_milliseconds();
	return run->next > now ? (int) (run->next - now) : 0;
}

static void supervise(struct run *run)
{
	begin_search(run);
	while (!run->supervisor->command_has_ended) {
		int milliseconds = step(run);

		/* While a worker runs, nothing is done about the leader's death. */
		supervisor_wait(run->supervisor, run->notify.fd,
				run->supervisor->worker || run->phase == SEARCHING ? -1
										   : run->pidfd,
				milliseconds);
		notify_socket_take(&run->notify, &run->announced);
	}
	/* The last worker may yet register the machine. */
	while (run->supervisor->worker)
		supervisor_wait(run->supervisor, -1, -1, -1);
	if (run->phase == REGISTERING)
		take_result(run);
}

/* Whether its command line begins with the command, as a daemon's does. */
static bool has_command_line(struct arena *arena, uint32_t pid, char *const *command)
{
	char *line = arena_alloc(arena, FILE_READER_MAX);
	ssize_t length = file_reader_read_proc(pid, "cmdline", line, FILE_READER_MAX);
	const char *at = line;

	for (size_t i = 0; command[i]; i++) {
		size_t size = strlen(command[i]) + 1;

		if (line + length - at < (ssize_t) size || memcmp(at, command[i], size) != 0)
			return false;
		at += size;
	}
	return true;
}

/* The process that a command left behind when it went into the background, or 0. */
static uint32_t find_daemon(const struct run *run)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct process_status status;
	uint32_t *children, found = 0;
	size_t count = processes_read_children(&arena, (uint32_t) getpid(), &children);

	for (size_t i = 0; i < count; i++) {
		if (process_status_read(children[i], &status) < 0 ||
		    process_status_is_dead(&status))
			continue;
		if (!found)
			found = children[i];
		if (has_command_line(&arena, children[i], run->settings->command)) {
			found = children[i];
			break;
		}
	}
	file_reader_stop();
	return found;
}

static int register_daemon(struct run *run, struct failure *f)
{
	uint32_t pid = find_daemon(run);

	if (!pid || !take_leader(run, pid))
		return failure_set(f, FAILURE_NO_PROCESS,
				   "%s: no VM runs in the background, so none was registered",
				   run->name);
	return register_found(run, f);
}

static bool has_succeeded(const struct supervisor *s)
{
	return WIFEXITED(s->command_status) && WEXITSTATUS(s->command_status) == 0;
}

static int unregister_found(const struct run *run, struct failure *f)
{
	const struct machine_identity machine = { run->name, run->registered };

	return unregister_machines(&machine, 1, run->notices, f);
}

/* The command has ended. */
static void finish(struct run *run)
{
	struct failure f;
	int r = 0;

	if (run->settings->daemonizes && has_succeeded(run->supervisor))
		r = register_daemon(run, &f);
	else if (run->settings->daemonizes)
		return;
	else if (run->registered.pid)
		r = unregister_found(run, &f);
	else if (run->phase == SEARCHING)
		r = failure_set(&f, FAILURE_OTHER,
				"%s: '%s' has ended, and nothing was registered: %s", run->name,
				basename(run->settings->command[0]), search_words(run));
	if (r < 0)
		notices_add_failure(run->notices, &f);
}

/*
 * A socket for the announcement of systemd-nspawn. Without one, its leader is searched
 * for: as when there is a manager, which nspawn notifies itself.
 */
static void open_notify_socket(struct run *run)
{
	struct failure f;
	int r;

	if (getenv("NOTIFY_SOCKET") ||
	    strcmp(basename(run->settings->command[0]), "systemd-nspawn") != 0)
		return;
	r = notify_socket_open(&run->notify, REGISTRY_DIRECTORY);
	if (r == 0)
		return;
	failure_errno(&f, r, "cannot make a socket for systemd-nspawn");
	warn(run, &f);
	notify_socket_close(&run->notify);
}

/* Somebody has to wait until a daemon is in the background, and then to register it. */
static int start_daemon(struct run *run, struct failure *f)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	return supervisor_start(run->supervisor, run->settings->command, f);
}

static int start_beside(struct run *run, struct failure *f)
{
	open_notify_socket(run);
	return supervisor_exec(run->supervisor, run->settings->command,
			       run->notify.fd >= 0 ? run->notify.address.sun_path : NULL, f);
}

/* A machine starts without a supervisor, too, if none can be made. */
static int start_command(struct run *run, struct failure *f)
{
	int r = run->settings->daemonizes ? start_daemon(run, f) : start_beside(run, f);

	if (r == 0 || f->kind == FAILURE_NO_PROGRAM || f->kind == FAILURE_NOT_EXECUTABLE)
		return r;
	warn(run, f);
	notify_socket_close(&run->notify);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	return supervisor_exec_alone(run->supervisor, run->settings->command, f);
}

/*
 * The service was made for this command, so it is the machine's unit, although the
 * launcher is in there, too.
 */
static int take_own_unit(struct run *run, struct failure *f)
{
	struct cgroup_hierarchy cgroups;
	char unit[UNIT_NAME_SIZE];

	if (run->registration->given & FIELD_UNIT || cgroup_hierarchy_find(&cgroups) < 0 ||
	    process_read_unit(&cgroups, 0, unit) < 0)
		return 0;
	return registration_set_unit(run->registration, unit, f);
}

/* 0, or -1 with a failure. Unless it daemonizes, this returns in a process beside the command. */
static int start(struct run *run, struct failure *f)
{
	bool is_service = supervisor_is_service() && !run->settings->daemonizes;

	if (check_before_start(run, f) < 0) {
		/* A registry that root can't write keeps no machine from starting. */
		if (f->kind == FAILURE_EXISTS ? !run->settings->name_is_made
					      : !is_service && geteuid() != 0)
			return -1;
		/* Who registers the machine may find the name free, and tells of it otherwise. */
		if (f->kind != FAILURE_EXISTS)
			warn(run, f);
	}
	if (is_service && take_own_unit(run, f) < 0)
		notices_add_failure(run->notices, f);
	if (start_command(run, f) < 0)
		return failure_prefix(f, "%s", run->name);
	run->started = now_milliseconds();
	leader_search_init(&run->search, (uint32_t) run->supervisor->command);
	return 0;
}

int run_loop(const struct run_settings *settings, struct supervisor *supervisor,
	     struct notices *notices, struct failure *f)
{
	struct run run = { .settings = settings,
			   .registration = settings->registration,
			   .name = settings->registration->machine.name,
			   .supervisor = supervisor,
			   .notices = notices,
			   .found = LEADER_NOT_SEEN,
			   .notify = { .fd = -1 },
			   .pidfd = -1,
			   .first_delay = SEARCH_FIRST };
	int r = start(&run, f);

	if (r == 0) {
		supervise(&run);
		finish(&run);
	}
	notify_socket_take(&run.notify, &run.announced);
	notify_socket_close(&run.notify);
	forget_leader(&run);
	return r < 0 ? -1 : supervisor_end(supervisor);
}
