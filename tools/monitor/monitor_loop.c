/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/monitor_loop.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/program.h"
#include "registry/lookup.h"
#include "tools/monitor/daemon.h"
#include "tools/monitor/monitor_lock.h"
#include "tools/monitor/monitor_log.h"
#include "tools/monitor/monitor_start.h"
#include "tools/monitor/settling.h"
#include "tools/registrar/exports.h"
#include "tools/registrar/refresh.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

/* A machine that can't be watched is looked at so often, in milliseconds, or less if it costs much. */
#define POLL_MILLISECONDS 1000

/*
 * After an interface was made or moved, containers in the host's network namespace are
 * checked at once, as they may have entered their own. That one leaves its own for
 * another is rare, and looking at all of them costs much: that is done after this time.
 */
#define CHECK_ALL_MILLISECONDS 10000

/* An alarm ends the monitor in a pass that takes longer. LOOKS_MAX machines with files that hang take much less. */
#define PASS_SECONDS 60

/* A slow machine waits so long for another one's slow look. */
#define SLOW_WAIT_MILLISECONDS 100

/* So many live machines are looked at in one pass. Events are taken in between. */
#define LOOKS_MAX 128

/* After more looks than this, memory is given back to the kernel. */
#define LOOKS_TRIM 16

static uint64_t now_milliseconds(void)
{
	return (uint64_t) clock_milliseconds(CLOCK_MONOTONIC);
}

/* Of the processor's time, as waiting for a lock is not work. */
static uint64_t work_milliseconds(void)
{
	return (uint64_t) clock_milliseconds(CLOCK_PROCESS_CPUTIME_ID);
}

/* Taking events: what has happened becomes noted machines, or a pass that is wanted. */

static void take_signals(struct monitor_loop *m)
{
	struct signalfd_siginfo info;

	while (read(m->signals.fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo != SIGHUP) {
			m->end = LOOP_STOPPED;
			continue;
		}
		watched_note_all(&m->watched);
		m->exports_are_doubtful = true;
		schedule_wake(&m->watched.schedule, m->watched.now);
	}
}

/* Where the watch is broken, the next pass mends it. */
static void take_registry(struct monitor_loop *m)
{
	int r = registry_notify_read(&m->watch);

	m->watch_is_broken = r < 0;
	/* 0: writers have made other files there. */
	if (r != 0)
		schedule_wake(&m->watched.schedule, m->watched.now);
}

static void take_links(struct monitor_loop *m)
{
	host_links_take_event(&m->links);
	host_links_note_machines(&m->links, &m->watched);
	m->watched.learned_is_new = true;
	if (m->links.may_have_moved) {
		schedule_note(&m->watched.schedule, &m->check_home.item, m->watched.now);
		schedule_note_at(&m->watched.schedule, &m->check_all.item,
				 m->watched.now + CHECK_ALL_MILLISECONDS);
	}
	m->links.may_have_moved = false;
}

static void take_exports(struct monitor_loop *m, struct source *source)
{
	if (!exports_watch_take_event(&m->exports, &m->watched.sources, source))
		return;
	if (source == &m->exports.machined)
		m->exports_are_doubtful = true;
	schedule_wake(&m->watched.schedule, m->watched.now);
}

static void take_event(struct monitor_loop *m, struct source *source)
{
	switch (source->kind) {
	case SOURCE_LEADER:
	case SOURCE_NETWORK: watched_take_event(&m->watched, source); break;
	case SOURCE_REGISTRY: take_registry(m); break;
	case SOURCE_SIGNAL: take_signals(m); break;
	case SOURCE_HOST_LINKS: take_links(m); break;
	case SOURCE_HOST_ROUTES: reach_watch_take_event(&m->reach, &m->watched, source); break;
	case SOURCE_HOST_NEIGHBOURS:
	case SOURCE_LEASES:
	case SOURCE_LEASE_EXPIRY: vm_watch_take_event(&m->vms, &m->watched, source); break;
	case SOURCE_EXPORTS:
	case SOURCE_MACHINED: take_exports(m, source); break;
	case SOURCE_SLOW_LOOK: slow_look_end(&m->slow, &m->watched); break;
	case SOURCE_SOCKETS: sockets_watch_take_event(&m->sockets, &m->watched.sources); break;
	case SOURCE_BUS: bus_watch_take_event(&m->bus, &m->watched.sources); break;
	}
}

/* Of a batch. */
#define EVENTS_MAX 64

/*
 * Take leaders' events last: a death frees the network that another event of
 * this batch may point to, so that nothing of that event is read any more.
 */
static void take_events(struct monitor_loop *m, const struct epoll_event *events, int count)
{
	struct source *leaders[EVENTS_MAX];
	int n_leaders = 0;

	m->watched.now = now_milliseconds();
	for (int i = 0; i < count; i++) {
		struct source *source = events[i].data.ptr;

		if (source->kind == SOURCE_LEADER)
			leaders[n_leaders++] = source;
		else
			take_event(m, source);
	}
	for (int i = 0; i < n_leaders; i++)
		take_event(m, leaders[i]);
}

/* A pass: follow, refresh, follow up. */

/*
 * Whether pids and start times of the registry mean the same here. If not, that
 * ends the monitor; an error of reading it passes. 0, or -1 with a failure.
 */
static int check_pid_context(struct monitor_loop *m, const struct snapshot *s, struct failure *f)
{
	int r = s->meta.machines ? pid_context_check(&s->meta.context) : 0;

	if (r == 0)
		return 0;
	if (r != -EXDEV)
		return failure_errno(f, r, "cannot read which namespaces the monitor is in");
	m->end = LOOP_FAILED;
	return registry_failure(f, REGISTRY_PATH, r);
}

static bool is_followed(const struct monitor_loop *m)
{
	struct registry_identity now;

	return registry_stat(REGISTRY_PATH, &now) == 0 &&
	       registry_identity_equal(&now, &m->followed);
}

/* Watch the machines of the registry that is there now. 0, or -1 with a failure. */
static int follow(struct monitor_loop *m, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	size_t before = m->watched.count;
	int r;

	if (is_followed(m))
		return 0;
	if (registry_open(&snapshot, f) < 0 || check_pid_context(m, &snapshot, f) < 0)
		return -1;
	r = watched_follow(&m->watched, &snapshot);
	if (r < 0)
		return registry_failure(f, REGISTRY_PATH, r);
	m->followed = snapshot.identity;
	sockets_watch_tell(&m->sockets, m->watched.count > 0);
	/* The last one's end is to be told of, too. */
	if (before > 0 || m->watched.count > 0)
		bus_watch_publication(&m->bus, &m->watched.sources);
	return 0;
}

/* The machines that a pass looks at, each with its identity and result. */
struct looks {
	struct watched_machine **machines;
	struct machine_identity *identities;
	struct refresh_result *results;
	size_t count;
};

static void add_look(struct looks *looks, struct arena *arena, struct watched_machine *w)
{
	size_t n = looks->count++;

	looks->machines = arena_grow(arena, looks->machines, n, sizeof *looks->machines);
	looks->identities = arena_grow(arena, looks->identities, n, sizeof *looks->identities);
	looks->machines[n] = w;
	looks->identities[n] = (struct machine_identity){ watched_name(w), w->leader };
}

static bool take_check(struct check *check, const struct schedule_item *item)
{
	if (item != &check->item)
		return false;
	check->is_due = true;
	return true;
}

/* Leave a slow machine to another process, or, while there is one, for later. */
static bool begin_slow_look(struct monitor_loop *m, struct watched_machine *w)
{
	int r;

	if (!w->slow_looks || w->has_died)
		return false;
	r = slow_look_begin(&m->slow, &m->watched.sources, w, m->watched.now);
	if (r == -EBUSY)
		schedule_note_at(&m->watched.schedule, &w->item,
				 m->watched.now + SLOW_WAIT_MILLISECONDS);
	return r == 0 || r == -EBUSY;
}

/* Take noted machines from the schedule, and watch all of them before they are looked at. */
static void collect_looks(struct monitor_loop *m, struct arena *arena, struct looks *looks)
{
	struct schedule_item *item;

	for (size_t living = 0;
	     living < LOOKS_MAX && (item = schedule_take(&m->watched.schedule));) {
		struct watched_machine *w;

		if (take_check(&m->check_home, item) || take_check(&m->check_all, item) ||
		    take_check(&m->check_settling, item) || item == &m->exports_retry)
			continue;
		w = watched_machine_of(item);
		watched_begin_look(&m->watched, w);
		if (begin_slow_look(m, w))
			continue;
		add_look(looks, arena, w);
		living += !w->has_died;
	}
	looks->results = arena_alloc(arena, (looks->count + 1) * sizeof *looks->results);
}

/* A machine pays for its own look, and for its part of the publication, if there was one. */
static void settle_looks(struct monitor_loop *m, const struct looks *looks, uint64_t work)
{
	struct schedule *schedule = &m->watched.schedule;
	uint64_t now = now_milliseconds(), observed = 0, shared;

	for (size_t i = 0; i < looks->count; i++)
		observed += looks->results[i].microseconds;
	shared = work > observed / 1000 ? (work - observed / 1000) / looks->count : 0;
	for (size_t i = 0; i < looks->count; i++) {
		struct watched_machine *w = looks->machines[i];
		uint64_t cost = looks->results[i].microseconds / 1000 + shared;

		slow_look_note(w, looks->results[i].milliseconds >= SLOW_LOOK_MILLISECONDS ||
					  looks->results[i].is_incomplete);
		if (looks->results[i].is_incomplete)
			schedule_item_failed(schedule, &w->item, now);
		else
			schedule_item_done(schedule, &w->item, now, cost);
		if (!w->is_whole || (w->is_learned && !m->vms.is_on))
			schedule_note_at(schedule, &w->item, now + POLL_MILLISECONDS + cost * 9);
	}
}

/* Look at the noted machines, and publish what has changed. 0, or -1 with a failure. */
static int refresh_noted(struct monitor_loop *m, size_t *count, struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct notices notices = monitor_log_notices();
	uint64_t began = work_milliseconds();
	struct looks looks = { 0 };
	struct refresh_options options = { .only_if_changed = true,
					   .retries = true,
					   .system_look = SYSTEM_LOOK_QUICK };

	collect_looks(m, &arena, &looks);
	*count = looks.count;
	if (looks.count == 0)
		return 0;
	options.results = looks.results;
	/* Exports that are incomplete are seen afterwards. */
	if (refresh_machines(looks.identities, looks.count, &options, &notices, f) >= 0) {
		settle_looks(m, &looks, work_milliseconds() - began);
		return 0;
	}
	for (size_t i = 0; i < looks.count; i++)
		watched_note(&m->watched, looks.machines[i]);
	return -1;
}

/* Put the exports right. Without a registry, no machine is to be exported. */
static int update_exports(struct monitor_loop *m, struct notices *notices, struct failure *f)
{
	const struct refresh_options options = { .retries = true, .sweep = true };

	return m->followed.generation ? refresh_machines(NULL, 0, &options, notices, f)
				      : exports_clear(notices, f);
}

/* Their writer may have been killed, or somebody may have removed some of them. */
static int follow_up_exports(struct monitor_loop *m, struct failure *f)
{
	struct notices notices = monitor_log_notices();
	int r;

	if (!m->exports_are_doubtful &&
	    exports_are_current(m->followed.generation, m->watched.count > 0))
		return 0;
	r = update_exports(m, &notices, f);
	m->exports_are_doubtful = r < 0;
	return r;
}

/* What can't be written is tried again later, and keeps nothing else waiting. */
static void try_exports(struct monitor_loop *m)
{
	struct schedule *schedule = &m->watched.schedule;
	uint64_t now = now_milliseconds();
	struct failure f;
	int r;

	exports_watch_update(&m->exports, &m->watched.sources);
	if (m->exports_retry.not_before > now)
		return;
	r = follow_up_exports(m, &f);
	if (r == 0) {
		schedule_item_done(schedule, &m->exports_retry, now, 0);
		return;
	}
	/* Why they are incomplete was among the notices. */
	if (r != PUBLISHED_INCOMPLETE)
		monitor_log_failure(&f);
	schedule_item_failed(schedule, &m->exports_retry, now);
}

/* Made last, as nobody waits for it. It rests as long as it costs, like a machine. */
static void make_check(struct monitor_loop *m, struct check *check)
{
	uint64_t began = work_milliseconds();

	if (!check->is_due)
		return;
	check->is_due = false;
	if (check == &m->check_settling)
		settling_check(&m->watched);
	else
		watched_check_networks(&m->watched, check == &m->check_all);
	schedule_item_done(&m->watched.schedule, &check->item, now_milliseconds(),
			   work_milliseconds() - began);
}

static void make_checks(struct monitor_loop *m)
{
	struct watched *w = &m->watched;

	make_check(m, &m->check_home);
	make_check(m, &m->check_all);
	make_check(m, &m->check_settling);
	if (w->settling_due != SCHEDULE_NEVER)
		schedule_note_at(&w->schedule, &m->check_settling.item, w->settling_due);
}

/* 0, or -1 with a failure. */
static int follow_and_refresh(struct monitor_loop *m, struct failure *f)
{
	size_t count = 0;

	if (m->watch_is_broken)
		take_registry(m);
	if (m->watch_is_broken)
		return failure_set(f, FAILURE_OTHER, "%s: cannot watch it for changes",
				   REGISTRY_DIRECTORY);
	if (follow(m, f) < 0 || refresh_noted(m, &count, f) < 0 || follow(m, f) < 0)
		return -1;
	try_exports(m);
	/* If something of it couldn't be watched, try again in the next pass. */
	if (m->watched.learned_is_new)
		m->watched.learned_is_new = vm_watch_update(&m->vms, &m->watched) < 0;
	if (count > LOOKS_TRIM)
		malloc_trim(0);
	if (watched_is_at_home(&m->watched))
		return 0;
	m->end = LOOP_FAILED;
	return failure_set(f, FAILURE_OTHER, "%s", registry_writer_error_words(-ENOTRECOVERABLE));
}

/* `first` is "READY=1\n" once. */
static void notify(struct monitor_loop *m, const char *first)
{
	char text[64];

	snprintf(text, sizeof text, "%sSTATUS=Watching %zu machine%s.", first, m->watched.count,
		 m->watched.count == 1 ? "" : "s");
	daemon_notify(text);
	m->n_notified = m->watched.count;
}

static void report_partial(struct monitor_loop *m)
{
	const struct watched *w = &m->watched;

	if (w->n_partial > m->n_partial_reported)
		monitor_log("%zu of %zu machines can't be watched (%zu descriptors at most); "
			    "looking at them every second",
			    w->n_partial, w->count, w->sources.max);
	m->n_partial_reported = w->n_partial;
}

/* Leaving, and staying the one monitor. */

static bool has_machines(void)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct failure f;

	/* A registry that can't be read may have some. */
	return registry_open(&snapshot, &f) < 0 || (snapshot.is_open && snapshot.meta.machines > 0);
}

static void release_lock(struct monitor_loop *m)
{
	cleanup_close(&m->lock);
	m->lock = -1;
}

/* Be the monitor again, unless another one is by now. 0, or -1 with a failure. */
static int retake_lock(struct monitor_loop *m, struct failure *f)
{
	int r;

	if (monitor_lock_prepare(f) < 0)
		return -1;
	r = monitor_lock_take(false, &m->lock);
	if (r == -EAGAIN) {
		m->end = LOOP_LOST_LOCK;
		return 0;
	}
	return r < 0 ? failure_errno(f, r, "%s", MONITOR_LOCK_PATH) : 0;
}

/* If somebody has removed the directory and the lock with it, make them again. */
static int keep_lock(struct monitor_loop *m, struct failure *f)
{
	if (monitor_lock_is_there(m->lock))
		return 0;
	release_lock(m);
	schedule_wake(&m->watched.schedule, m->watched.now);
	return retake_lock(m, f);
}

/*
 * Without machines, and with none exported, there is nothing to do. A registration that found the
 * monitor running, and so started none, was published before the lock was
 * released: look once more after that.
 */
static int leave_if_empty(struct monitor_loop *m, struct failure *f)
{
	if (m->watched.count > 0 || has_machines())
		return 0;
	release_lock(m);
	if (has_machines())
		return retake_lock(m, f);
	m->end = LOOP_LEFT;
	return 0;
}

static bool end_is_pending(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT);
}

static void note_registry(struct monitor_loop *m)
{
	struct registry_identity now = { 0 };

	/* In this order: what is published later may have found us told to end. */
	registry_stat(REGISTRY_PATH, &now);
	if (!end_is_pending())
		m->before_signal = now;
}

/*
 * After a signal: a registration that was published since it came found the monitor
 * running, and so started none. Nobody else would before the next one. But when a service
 * manager stops the monitor, another one would undo that.
 */
static void start_successor(struct monitor_loop *m)
{
	struct notices notices = monitor_log_notices();
	struct registry_identity now;

	release_lock(m);
	if (!m->settings->is_service && registry_stat(REGISTRY_PATH, &now) == 0 &&
	    !registry_identity_equal(&now, &m->before_signal))
		monitor_start(program_own_path(), &notices);
}

/*
 * Follow, refresh and check, within a deadline. While a leader executes a program, whoever looks at it waits: a file
 * system's server decides how long. Only a signal that kills ends that. SIGALRM does, as it has no handler. The next
 * monitor then leaves the first looks to workers.
 */
static int look_around(struct monitor_loop *m, struct failure *f)
{
	int r;

	monitor_lock_note_deadline(m->lock, now_milliseconds() + PASS_SECONDS * 1000);
	alarm(PASS_SECONDS);
	r = follow_and_refresh(m, f);
	if (r == 0 || m->end == LOOP_RUNS)
		make_checks(m);
	alarm(0);
	monitor_lock_note_deadline(m->lock, 0);
	return r;
}

/* Make a pass. 0, or -1 with a failure that ends the monitor. */
static int make_pass(struct monitor_loop *m, struct failure *f)
{
	struct schedule *schedule = &m->watched.schedule;
	uint64_t began = work_milliseconds();
	int r;

	m->watched.now = now_milliseconds();
	note_registry(m);
	r = look_around(m, f);
	if (r < 0 && m->end != LOOP_RUNS)
		return -1;
	/* Our own publication is not a registration. */
	note_registry(m);
	m->watched.now = now_milliseconds();
	if (r < 0) {
		monitor_log_failure(f);
		schedule_failed(schedule, m->watched.now);
	} else {
		schedule_done(schedule, m->watched.now, work_milliseconds() - began);
	}
	report_partial(m);
	if (m->watched.count != m->n_notified)
		notify(m, "");
	if (r == 0 && m->settings->exit_when_empty && !m->exports_retry.retry_after &&
	    leave_if_empty(m, f) < 0)
		return -1;
	return m->end == LOOP_RUNS ? keep_lock(m, f) : 0;
}

static int timeout_until(uint64_t due)
{
	uint64_t now = now_milliseconds();

	if (due == SCHEDULE_NEVER)
		return -1;
	if (due <= now)
		return 0;
	return due - now < INT32_MAX ? (int) (due - now) : INT32_MAX;
}

/* Wait for events or the next pass. 0, or -1 with a failure that ends the monitor. */
static int step(struct monitor_loop *m, struct failure *f)
{
	struct schedule *schedule = &m->watched.schedule;
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(m->watched.sources.epoll, events, EVENTS_MAX,
			       timeout_until(schedule_due(schedule)));

	if (count < 0 && errno != EINTR)
		return failure_errno(f, -errno, "cannot wait for events");
	take_events(m, events, count);
	if (m->end == LOOP_RUNS && schedule_begin(schedule, now_milliseconds()))
		return make_pass(m, f);
	return 0;
}

/* Look at all machines, in as many passes as that takes. 0, or -1 with a failure. */
static int make_first_passes(struct monitor_loop *m, struct failure *f)
{
	struct schedule *schedule = &m->watched.schedule;
	size_t passes = 1;

	m->watched.is_careful = monitor_lock_tells_of_hang(m->lock, now_milliseconds());
	if (m->watched.is_careful)
		monitor_log("the monitor before may have waited for a machine for %d seconds; "
			    "other processes look at all of them first",
			    PASS_SECONDS);
	schedule_wake(schedule, now_milliseconds());
	for (size_t i = 0; i < passes && m->end == LOOP_RUNS; i++) {
		schedule_begin(schedule, schedule_due(schedule));
		if (make_pass(m, f) < 0)
			return -1;
		if (i == 0)
			passes += m->watched.count / LOOKS_MAX;
		m->watched.is_careful = false;
	}
	return 0;
}

enum loop_end monitor_loop_run(struct monitor_loop *m, struct failure *f)
{
	if (make_first_passes(m, f) < 0)
		m->end = LOOP_FAILED;
	if (m->end == LOOP_RUNS)
		notify(m, "READY=1\n");
	while (m->end == LOOP_RUNS)
		if (step(m, f) < 0)
			m->end = LOOP_FAILED;
	daemon_notify("STOPPING=1");
	if (m->end == LOOP_STOPPED)
		start_successor(m);
	return m->end;
}

static sigset_t taken_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	return signals;
}

static int open_signals(void)
{
	sigset_t signals = taken_signals(), alarms;
	int fd;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* It ends a pass that takes too long, whatever was inherited. */
	signal(SIGALRM, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

int monitor_loop_open(struct monitor_loop *m, const struct loop_settings *settings,
		      size_t descriptors_max, struct failure *f)
{
	struct sources *sources = &m->watched.sources;
	int r = watched_init(&m->watched, descriptors_max);

	m->settings = settings;
	if (r == 0)
		r = source_add(sources, &m->signals, open_signals());
	if (r == 0)
		r = host_links_open(&m->links, sources);
	if (r == 0)
		r = reach_watch_open(&m->reach, sources);
	if (r == 0)
		r = registry_notify_open(&m->watch, REGISTRY_DIRECTORY);
	/* The descriptor is the source's from here on. */
	if (r == 0)
		r = source_add(sources, &m->registry, m->watch.fd);
	if (r < 0)
		return failure_errno(f, r, "cannot watch the registry");
	return sockets_watch_open(&m->sockets, sources, settings->background, f);
}

void monitor_loop_close(struct monitor_loop *m)
{
	struct sources *sources = &m->watched.sources;
	sigset_t signals = taken_signals();

	/* It is blocked for as long as we may become the monitor again. */
	sigdelset(&signals, SIGHUP);
	sockets_watch_close(&m->sockets, sources);
	bus_watch_close(&m->bus, sources);
	vm_watch_done(&m->vms, &m->watched);
	source_remove(sources, &m->registry);
	source_remove(sources, &m->signals);
	host_links_close(&m->links, sources);
	reach_watch_close(&m->reach, sources);
	exports_watch_close(&m->exports, sources);
	slow_look_close(&m->slow, sources);
	watched_done(&m->watched);
	m->watch.fd = -1;
	registry_notify_close(&m->watch);
	release_lock(m);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}
