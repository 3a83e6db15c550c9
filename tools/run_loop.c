/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run_loop.h"

#include "registry/cleanup.h"
#include "registry/proc_file.h"
#include "registry/process.h"
#include "registry/process_stat.h"
#include "registry/register.h"
#include "tools/leader_search.h"
#include "tools/message.h"
#include "tools/monitor_start.h"
#include "tools/notify_socket.h"
#include "tools/options.h"
#include "tools/processes.h"
#include "tools/publish.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

/* In milliseconds. Looks for the leader are twice as far apart each time, up to the first limit. */
#define FIRST_SEARCH	2
#define SEARCH_MAX	100
#define SEARCH_IS_LONG	10000 /* from then on it is said, and the second one holds */
#define LONG_SEARCH_MAX 1000
#define NSPAWN_TELLS	5000 /* for so long its word is waited for */
/* Of looks at what has been registered: twenty seconds in all. */
#define FIRST_LOOK 10
#define LOOK_MAX   10240

enum phase {
	SEARCHING,
	REGISTERING, /* a worker is at it */
	SETTLING,    /* it is registered, and a worker may be looking again */
	SETTLED,
	NOT_REGISTERED,
};

struct run {
	const struct run_settings *settings;
	struct registration *registration;
	const char *name;
	struct supervisor *supervisor;
	struct notify_socket notify; /* of systemd-nspawn alone */
	struct leader_search search;
	enum leader_search_result seen;
	uint32_t told_leader; /* by systemd-nspawn, or 0 */
	bool has_complained;
	enum phase phase;
	struct machine_leader leader;
	int pidfd; /* the leader's, or -1 */
	uint64_t started, next, delay;
};

static uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

const char *run_command_name(char *const *command)
{
	const char *slash = strrchr(command[0], '/');

	return slash ? slash + 1 : command[0];
}

/* Before anything starts: may we write, and is the name free? 0, or -1 after a message. */
static int prepare(const struct run *run)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct register_conflict conflict;
	int r = writer_prepare(&writer, REGISTRY_DIRECTORY);

	if (r < 0) {
		complain_registry(writer.blamed, r);
		return -1;
	}
	r = open_registry(&snapshot);
	if (r <= 0)
		return r;
	r = register_judge(&snapshot, &run->registration->machine, run->settings->replace,
			   &conflict);
	if (r == -EEXIST)
		complain_conflict(run->name, &conflict);
	else if (r < 0)
		complain_registry(REGISTRY_PATH, r);
	return r < 0 ? -1 : 0;
}

/* The worker's part. With the leader known, from `register` on it is as for that verb. */
static int publish_found(const struct run *run)
{
	int status = publish_registrations(run->registration, 1,
					   run->settings->replace ? PUBLISH_REPLACE : 0);

	if (status == EXIT_SUCCESS && !run->settings->no_monitor)
		monitor_start();
	return status;
}

static int publish_changes(const struct run *run)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	const struct machine known = { .name = run->name, .leader = run->leader };
	const struct registration reg = registration_to_refresh(&arena, &known);

	return publish_registrations(&reg, 1,
				     PUBLISH_IF_OUTDATED | PUBLISH_UNATTENDED | PUBLISH_LEAVE_DEAD);
}

static void in_worker(struct run *run, int (*job)(const struct run *run))
{
	if (supervisor_fork_worker(run->supervisor, run->name))
		supervisor_leave_worker(job(run));
}

static void look_again_in(struct run *run, uint64_t delay)
{
	run->delay = delay;
	run->next = milliseconds() + delay;
}

static void begin_search(struct run *run)
{
	cleanup_close(&run->pidfd);
	run->pidfd = -1;
	run->phase = SEARCHING;
	look_again_in(run, FIRST_SEARCH);
}

/* Whether the process can be the leader, which it then is. */
static bool take_leader(struct run *run, uint32_t pid)
{
	run->seen = LEADER_FOUND;
	cleanup_close(&run->pidfd);
	run->pidfd = -1;
	if (leader_inspect(pid, &run->leader, &run->pidfd) != LEADER_OK)
		return false;
	run->registration->leader = pid;
	return true;
}

static bool find_leader(struct run *run, uint32_t *leader)
{
	pid_t command = run->supervisor->command;
	uint64_t now = milliseconds();

	if (run->registration->machine.class == MACHINE_VM) {
		*leader = (uint32_t) command;
		return !run->settings->daemonizes;
	}
	if (run->told_leader && process_descends_from(run->told_leader, (uint32_t) command)) {
		*leader = run->told_leader;
		return true;
	}
	/* It knows better when its container is complete; but it may be one that doesn't tell. */
	if (run->notify.fd >= 0 && now - run->started < NSPAWN_TELLS)
		return false;
	run->seen = leader_search_look(&run->search, now, leader);
	return run->seen == LEADER_FOUND;
}

static const char *search_words(const struct run *run)
{
	switch (run->seen) {
	case LEADER_FOUND: return "its leader has ended too early";
	case LEADER_NOT_SEEN: break;
	case LEADER_WITHOUT_IDS: return "its user namespace had no id map";
	case LEADER_NOT_SETTLED: return "its namespaces were not complete";
	}
	return "no namespaces of its own were seen";
}

static void search(struct run *run)
{
	bool is_long = milliseconds() - run->started >= SEARCH_IS_LONG;
	uint64_t most = is_long ? LONG_SEARCH_MAX : SEARCH_MAX;
	uint32_t leader;

	if (find_leader(run, &leader) && take_leader(run, leader)) {
		run->phase = REGISTERING;
		in_worker(run, publish_found);
		return;
	}
	if (is_long && !run->has_complained && !run->settings->daemonizes) {
		complain("%s: not registered so far: %s", run->name, search_words(run));
		run->has_complained = true;
	}
	look_again_in(run, run->delay * 2 < most ? run->delay * 2 : most);
}

static void take_result(struct run *run)
{
	if (run->supervisor->worker_status == EXIT_SUCCESS) {
		run->phase = SETTLING;
		look_again_in(run, FIRST_LOOK);
	} else if (leader_is_running(run->pidfd)) {
		run->phase = NOT_REGISTERED;
	} else {
		/* A launcher may try out what it can make first. */
		begin_search(run);
	}
}

/* What it has made itself at home in: another root, another user namespace, interfaces. */
static void settle(struct run *run)
{
	if (run->delay > LOOK_MAX || !leader_is_running(run->pidfd)) {
		run->phase = SETTLED;
		return;
	}
	in_worker(run, publish_changes);
	look_again_in(run, run->delay * 2);
}

/* Do what is due. Returns how long to wait until more is, or -1. */
static int step(struct run *run)
{
	uint64_t now;

	/* Its end is a signal. */
	if (run->supervisor->worker)
		return -1;
	if (run->phase == REGISTERING)
		take_result(run);
	now = milliseconds();
	if (run->phase == SEARCHING && (now >= run->next || run->told_leader))
		search(run);
	else if (run->phase == SETTLING && now >= run->next)
		settle(run);
	if (run->supervisor->worker || (run->phase != SEARCHING && run->phase != SETTLING))
		return -1;
	now = milliseconds();
	return run->next > now ? (int) (run->next - now) : 0;
}

static void supervise(struct run *run)
{
	begin_search(run);
	while (!run->supervisor->command_has_ended) {
		supervisor_wait(run->supervisor, run->notify.fd, step(run));
		notify_socket_take(&run->notify, &run->told_leader);
	}
	/* What it has begun may yet be registered. */
	while (run->supervisor->worker)
		supervisor_wait(run->supervisor, -1, -1);
	if (run->phase == REGISTERING)
		take_result(run);
}

/* Whether its command line is that of the command: a daemon's is its launcher's. */
static bool has_command_line(uint32_t pid, char *const *command)
{
	CLEANUP_FREE char *text = proc_read_text(pid, "cmdline");
	const char *at = text;

	for (size_t i = 0; at && command[i]; i++) {
		if (strcmp(at, command[i]) != 0)
			return false;
		at += strlen(at) + 1;
	}
	return at != NULL;
}

/* What a command that has gone into the background has left to us. 0 if there is nothing. */
static uint32_t find_daemon(const struct run *run)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct process_stat stat;
	uint32_t *children, found = 0;
	size_t count = processes_read_children(&arena, (uint32_t) getpid(), &children);

	for (size_t i = 0; i < count; i++) {
		if (process_stat_read(children[i], &stat) < 0 || process_stat_is_dead(&stat))
			continue;
		if (has_command_line(children[i], run->settings->command))
			return children[i];
		if (!found)
			found = children[i];
	}
	return found;
}

static void register_daemon(struct run *run)
{
	uint32_t pid = find_daemon(run);

	if (!pid || !take_leader(run, pid)) {
		complain("%s: no VM runs in the background, so none was registered", run->name);
		return;
	}
	publish_found(run);
}

static bool has_ended_well(const struct supervisor *s)
{
	return WIFEXITED(s->command_status) && WEXITSTATUS(s->command_status) == 0;
}

static void finish(struct run *run)
{
	if (run->settings->daemonizes) {
		if (has_ended_well(run->supervisor))
			register_daemon(run);
	} else if (run->phase == SETTLING || run->phase == SETTLED) {
		unregister_led_by(run->name, &run->leader);
	} else if (run->phase == SEARCHING) {
		complain("%s: '%s' has ended, and nothing was registered: %s", run->name,
			 run_command_name(run->settings->command), search_words(run));
	}
}

static int start(struct run *run)
{
	bool is_nspawn = strcmp(run_command_name(run->settings->command), "systemd-nspawn") == 0;
	int r = is_nspawn ? notify_socket_open(&run->notify, REGISTRY_DIRECTORY) : 0;

	if (r < 0) {
		complain("%s: cannot make a socket for systemd-nspawn: %s", run->name,
			 strerror(-r));
		notify_socket_close(&run->notify);
	}
	if (run->settings->daemonizes)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	r = supervisor_start(run->supervisor, run->name, run->settings->command,
			     run->notify.fd >= 0 ? run->notify.address.sun_path : NULL);
	run->started = milliseconds();
	if (r == 0)
		leader_search_init(&run->search, (uint32_t) run->supervisor->command);
	return r;
}

int run_loop(const struct run_settings *settings, struct supervisor *supervisor)
{
	struct run run = { .settings = settings,
			   .registration = settings->registration,
			   .name = settings->registration->machine.name,
			   .supervisor = supervisor,
			   .seen = LEADER_NOT_SEEN,
			   .notify = { .fd = -1 },
			   .pidfd = -1 };
	int status;

	if (prepare(&run) < 0)
		return EXIT_FAILURE;
	status = start(&run);
	if (status == 0) {
		supervise(&run);
		finish(&run);
	}
	notify_socket_take(&run.notify, &run.told_leader);
	notify_socket_close(&run.notify);
	cleanup_close(&run.pidfd);
	return status ? status : supervisor_end(supervisor);
}
