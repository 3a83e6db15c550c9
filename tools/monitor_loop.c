/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor_loop.h"

#include "registry/cleanup.h"
#include "registry/netlink.h"
#include "registry/watch.h"
#include "tools/daemon.h"
#include "tools/exports.h"
#include "tools/guest_watch.h"
#include "tools/message.h"
#include "tools/monitor_lock.h"
#include "tools/publish.h"
#include "tools/watched.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>

/*
 * What comes alone is looked at right away. What comes soon after that may be
 * of a burst, which is looked at once: when nothing has come for a while, or
 * this late.
 */
#define QUIET_MS 8
#define BURST_MS 40

/* What couldn't be published is tried again, ever later; what can't be watched is looked at. */
#define RETRY_MS     50
#define RETRY_MAX_MS 10000
#define POLL_MS	     1000

/* Descriptors that are left for looking at machines and publishing. */
#define DESCRIPTORS_RESERVED 64

/* Interfaces of the host's that changed; of more than this at once, all count as changed. */
#define LINKS_MAX 64

#define NEVER UINT64_MAX

struct monitor {
	const struct monitor_settings *settings;
	int lock;
	struct registry_watch watch;
	struct source registry, signals, links;
	struct watched watched;
	struct guest_watch guests;

	bool links_have_changed;
	bool all_is_stale; /* also what follows the registry is to be put right */
	uint32_t changed_links[LINKS_MAX];
	size_t n_changed_links;

	/* All times are of CLOCK_MONOTONIC, in ms. */
	uint64_t burst_began; /* or NEVER: nothing is to be done */
	uint64_t due;	      /* or NEVER */
	uint64_t poll_due;    /* or NEVER */
	uint64_t acted;	      /* when it last has */
	uint64_t not_before;  /* after much work, or a failure, a rest */
	uint64_t retry_after; /* how long that was, after the last failure; or 0 */

	struct registry_identity followed; /* the snapshot that `watched` follows */
	size_t n_unwatched_said;
	size_t n_notified;
	bool is_leaving;
	bool has_lost_lock; /* to another monitor */
	int status;
};

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t) now.tv_sec * 1000u + (uint64_t) now.tv_nsec / 1000000u;
}

static uint64_t now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void leave(struct monitor *m, int status)
{
	m->is_leaving = true;
	m->status = status;
}

/* Something has happened: act on it now, or when the burst is over. */
static void note(struct monitor *m)
{
	uint64_t now = now_ms();

	if (m->burst_began == NEVER)
		m->burst_began = now;
	m->due = now > m->acted + BURST_MS ? now : least(now + QUIET_MS, m->burst_began + BURST_MS);
	if (m->due < m->not_before)
		m->due = m->not_before;
}

/* Each of these takes what a descriptor has to say, and returns whether there is anything to do. */

static bool take_signal(struct monitor *m)
{
	struct signalfd_siginfo info;

	while (read(m->signals.fd, &info, sizeof info) == sizeof info)
		if (info.ssi_signo == SIGHUP)
			m->all_is_stale = true;
		else
			leave(m, EXIT_SUCCESS);
	return true;
}

/* Writers make other files there, too. */
static bool take_registry(struct monitor *m)
{
	int r = registry_watch_read(&m->watch);

	if (r < 0) {
		complain_registry(REGISTRY_DIRECTORY, r);
		leave(m, EXIT_FAILURE);
	}
	return r != 0;
}

static void add_changed_link(struct monitor *m, uint32_t index)
{
	for (size_t i = 0; i < m->n_changed_links && i < LINKS_MAX; i++)
		if (m->changed_links[i] == index)
			return;
	if (m->n_changed_links < LINKS_MAX)
		m->changed_links[m->n_changed_links] = index;
	m->n_changed_links++;
}

static void take_link(const struct nlmsghdr *message, void *into)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);

	add_changed_link(into, (uint32_t) info->ifi_index);
}

static void take_links(struct monitor *m)
{
	m->links_have_changed = true;
	/* Those that were lost may be any. */
	if (netlink_drain(m->links.fd, take_link, m) < 0)
		m->n_changed_links = LINKS_MAX + 1;
}

static bool take_event(struct monitor *m, struct source *source)
{
	switch (source->kind) {
	case SOURCE_LEADER:
	case SOURCE_NETWORK: watched_take_event(&m->watched, source); break;
	case SOURCE_REGISTRY: return take_registry(m);
	case SOURCE_SIGNAL: return take_signal(m);
	case SOURCE_HOST_LINKS: take_links(m); break;
	case SOURCE_HOST_NEIGHBOURS:
	case SOURCE_LEASES:
	case SOURCE_LEASE_EXPIRY: guest_watch_take_event(&m->guests, &m->watched, source); break;
	}
	return true;
}

static bool link_has_changed(const struct monitor *m, uint32_t index)
{
	if (m->n_changed_links > LINKS_MAX)
		return true;
	for (size_t i = 0; i < m->n_changed_links; i++)
		if (m->changed_links[i] == index)
			return true;
	return false;
}

/* Which machines the changes of the host's interfaces concern. */
static void judge_links(struct monitor *m)
{
	for (size_t i = 0; i < m->watched.count; i++) {
		struct watched_machine *w = m->watched.machines[i];

		/* A tap that it has just opened isn't known yet. */
		w->is_stale |= w->machine.class == MACHINE_VM;
		for (size_t j = 0; j < w->machine.n_interfaces && !w->is_stale; j++)
			w->is_stale = link_has_changed(m, w->machine.interfaces[j].index);
	}
	m->links_have_changed = false;
	m->n_changed_links = 0;
}

/* `first` is "READY=1\n" once. */
static void notify(struct monitor *m, const char *first)
{
	char text[64];

	snprintf(text, sizeof text, "%sSTATUS=Watching %zu machine%s.", first, m->watched.count,
		 m->watched.count == 1 ? "" : "s");
	daemon_notify(text);
	m->n_notified = m->watched.count;
}

/* Pids of another namespace mean other processes here. */
static int check_origin(const struct snapshot *s)
{
	return s->meta.machines == 0 || registry_origin_is_mine(&s->meta.origin) ? 0 : -EXDEV;
}

/* Watch the machines that are in the registry now. 0 or -1 after a message. */
static int follow_registry(struct monitor *m)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	int r = snapshot_open(&snapshot, REGISTRY_PATH);

	if (r == -ENOENT || r == -ESTALE)
		r = 0;
	if (r == 0 && snapshot.env && registry_identity_equal(&snapshot.identity, &m->followed))
		return 0;
	if (r == 0 && snapshot.env)
		r = check_origin(&snapshot);
	if (r == -EXDEV)
		leave(m, EXIT_FAILURE);
	if (r == 0)
		r = watched_follow(&m->watched, &snapshot);
	if (r < 0) {
		complain_registry(REGISTRY_PATH, r);
		return -1;
	}
	m->followed = snapshot.identity;
	return 0;
}

/*
 * The machines that are to be looked at, as registrations in the arena.
 * Returns how many, or a negative errno.
 */
static ssize_t collect(const struct monitor *m, struct arena *arena,
		       struct registration **registrations)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	int r = snapshot_open(&snapshot, REGISTRY_PATH);
	ssize_t count = 0;

	*registrations = arena_alloc(arena, (m->watched.count + 1) * sizeof **registrations);
	if (r < 0)
		return r == -ENOENT || r == -ESTALE ? 0 : r;
	for (size_t i = 0; i < m->watched.count; i++) {
		const struct watched_machine *machine = m->watched.machines[i];
		struct machine found;

		if (!m->all_is_stale && !watched_is_stale(machine))
			continue;
		r = snapshot_find_name(&snapshot, machine->name, &found);
		if (r == 0)
			(*registrations)[count++] = registration_to_refresh(arena, &found);
		else if (r != -ENOENT)
			return r;
	}
	return count;
}

/*
 * Look at what is stale, and publish what has changed. What happens meanwhile
 * makes it stale again. 0 or -1, and then it still is.
 */
static int refresh_stale(struct monitor *m)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	unsigned int flags = PUBLISH_WHOLE | (m->all_is_stale ? 0 : PUBLISH_IF_OUTDATED);
	struct registration *registrations;
	ssize_t count = collect(m, &arena, &registrations);
	bool all = m->all_is_stale;

	if (count < 0) {
		complain_registry(REGISTRY_PATH, (int) count);
		return -1;
	}
	if (count == 0 && !all)
		return 0;
	watched_begin_look(&m->watched);
	m->all_is_stale = false;
	if (publish_registrations(registrations, (size_t) count, flags) == EXIT_SUCCESS)
		return 0;
	m->all_is_stale = all;
	watched_look_has_failed(&m->watched);
	return -1;
}

static void try_later(struct monitor *m)
{
	m->retry_after = m->retry_after ? least(m->retry_after * 2, RETRY_MAX_MS) : RETRY_MS;
	m->not_before = now_ms() + m->retry_after;
	note(m);
}

static bool has_machines(void)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	int r = snapshot_open(&snapshot, REGISTRY_PATH);

	/* What can't be read may have some. */
	return r == 0 ? snapshot.meta.machines > 0 : r != -ENOENT && r != -ESTALE;
}

static void release_lock(struct monitor *m)
{
	cleanup_close(&m->lock);
	m->lock = -1;
}

/* Be the monitor again, unless another is by now. */
static void retake_lock(struct monitor *m)
{
	int r = monitor_lock_prepare();

	if (r == 0)
		r = monitor_lock_take(false, &m->lock);
	m->has_lost_lock = r == -EAGAIN;
	if (r < 0)
		leave(m, m->has_lost_lock ? EXIT_SUCCESS : EXIT_FAILURE);
	if (r < 0 && !m->has_lost_lock)
		complain_registry(MONITOR_LOCK_PATH, r);
}

/* Somebody may have removed the directory, and the lock with it. */
static void keep_lock(struct monitor *m)
{
	if (monitor_lock_is_there(m->lock))
		return;
	release_lock(m);
	retake_lock(m);
	note(m);
}

/*
 * Without machines there is nothing to do. A registration that found the
 * monitor there, and so started none, was published before the lock was let go:
 * look once more after that.
 */
static void leave_if_empty(struct monitor *m)
{
	if (m->watched.count > 0 || has_machines())
		return;
	release_lock(m);
	if (has_machines())
		retake_lock(m);
	else
		leave(m, EXIT_SUCCESS);
}

/* What can't be watched is looked at from time to time: how long that takes decides how often. */
static void plan_poll(struct monitor *m, uint64_t took)
{
	size_t n = watched_count_unwatched(&m->watched);

	if (n > m->n_unwatched_said)
		complain("%zu of %zu machines can't be watched (%zu descriptors at most); "
			 "looking at them every second",
			 n, m->watched.count, m->watched.descriptors_max);
	m->n_unwatched_said = n;
	if (n == 0 && (m->guests.is_on || !watched_has_learned(&m->watched)))
		m->poll_due = NEVER;
	else if (m->poll_due == NEVER)
		m->poll_due = now_ms() + POLL_MS + took * 9;
}

static void poll_unwatched(struct monitor *m)
{
	m->poll_due = NEVER;
	for (size_t i = 0; i < m->watched.count; i++) {
		struct watched_machine *w = m->watched.machines[i];

		w->is_stale |= !watched_is_whole(w) || (watched_is_learned(w) && !m->guests.is_on);
	}
	/* There may be room by now. */
	watched_check_networks(&m->watched);
}

static bool any_is_stale(const struct monitor *m)
{
	for (size_t i = 0; i < m->watched.count; i++)
		if (watched_is_stale(m->watched.machines[i]))
			return true;
	return false;
}

/* Take in what has happened, and publish what comes of it. 0, or -1 if it is to be tried again. */
static int put_right(struct monitor *m)
{
	int r = follow_registry(m);

	if (m->links_have_changed)
		judge_links(m);
	if (r == 0)
		r = refresh_stale(m);
	if (r == 0)
		r = follow_registry(m);
	if (r == 0 && m->followed.generation &&
	    !exports_follow(m->followed.generation, m->watched.count > 0))
		r = publish_registrations(NULL, 0, PUBLISH_WHOLE) == EXIT_SUCCESS ? 0 : -1;
	/* Nobody is told of a process's new namespace: look when there is cause, but last. */
	watched_check_networks(&m->watched);
	guest_watch_update(&m->guests, &m->watched);
	/* What the work took comes from pages that are given back. */
	malloc_trim(0);
	if (!watched_is_at_home(&m->watched)) {
		complain("%s", error_words(-ENOTRECOVERABLE));
		leave(m, EXIT_FAILURE);
	}
	return r;
}

static void act(struct monitor *m)
{
	/* Of the processor's time: to wait for a lock is no work. */
	uint64_t began = clock_ms(CLOCK_PROCESS_CPUTIME_ID), took;
	bool failed;

	m->burst_began = m->due = NEVER;
	if (m->poll_due <= now_ms())
		poll_unwatched(m);
	failed = put_right(m) < 0;
	took = clock_ms(CLOCK_PROCESS_CPUTIME_ID) - began;
	m->acted = now_ms();
	m->not_before = m->acted + took;
	plan_poll(m, took);
	if (m->watched.count != m->n_notified)
		notify(m, "");
	if (m->is_leaving)
		return;
	if (failed) {
		try_later(m);
	} else {
		m->retry_after = 0;
		/* What was registered meanwhile. */
		if (any_is_stale(m))
			note(m);
		if (m->settings->exit_when_empty)
			leave_if_empty(m);
	}
	if (!m->is_leaving)
		keep_lock(m);
}

static int timeout_of(const struct monitor *m)
{
	uint64_t due = least(m->due, m->poll_due), now = now_ms();

	return due == NEVER ? -1 : due <= now ? 0 : (int) least(due - now, INT32_MAX);
}

/* Leaders' last: that one has died may free the network of an event of the same batch. */
static void take_events(struct monitor *m, const struct epoll_event *events, int count)
{
	bool is_something = false;

	for (int leaders = 0; leaders <= 1; leaders++)
		for (int i = 0; i < count; i++) {
			struct source *source = events[i].data.ptr;

			if ((source->kind == SOURCE_LEADER) == leaders)
				is_something |= take_event(m, source);
		}
	if (is_something)
		note(m);
}

static int run(struct monitor *m)
{
	struct epoll_event events[64];

	act(m);
	if (!m->is_leaving)
		notify(m, "READY=1\n");
	while (!m->is_leaving) {
		int count = epoll_wait(m->watched.epoll, events, 64, timeout_of(m));

		if (count < 0 && errno != EINTR) {
			complain("cannot wait for events: %s", strerror(errno));
			return EXIT_FAILURE;
		}
		take_events(m, events, count);
		if (!m->is_leaving && least(m->due, m->poll_due) <= now_ms())
			act(m);
	}
	daemon_notify("STOPPING=1");
	return m->status;
}

static sigset_t ending_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	return signals;
}

/* SIGHUP has been blocked before. */
static int open_signals(void)
{
	sigset_t signals = ending_signals();
	int fd;

	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* All that is waited for but for the machines. */
static int open_sources(struct monitor *m)
{
	static const unsigned int groups[] = { RTNLGRP_LINK };
	int r = watched_add_source(&m->watched, &m->signals, open_signals());

	if (r == 0)
		r = watched_add_source(&m->watched, &m->links, netlink_listen(groups, 1));
	if (r == 0)
		r = registry_watch_open(&m->watch, REGISTRY_DIRECTORY);
	/* Its descriptor is the source's from here on. */
	if (r == 0)
		r = watched_add_source(&m->watched, &m->registry, m->watch.fd);
	return r;
}

/*
 * To enter network namespaces, and see which those are; and to find a
 * machine's root directory behind directories that are closed to others.
 */
static const int capabilities[] = { CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };

/* Become a daemon as far as that is wanted, and go on until something ends it. */
static int settle_and_run(struct monitor *m, int *ready)
{
	if (m->settings->background)
		daemon_leave_cgroups();
	if (daemon_keep_capabilities(capabilities, 3) < 0)
		return EXIT_FAILURE;
	if (m->settings->background && daemon_is_ready(ready) < 0)
		return EXIT_FAILURE;
	if (!m->settings->background)
		complain_as_daemon(false);
	return run(m);
}

static void monitor_done(struct monitor *m)
{
	sigset_t signals = ending_signals();

	guest_watch_done(&m->guests, &m->watched);
	watched_remove_source(&m->watched, &m->registry);
	watched_remove_source(&m->watched, &m->signals);
	watched_remove_source(&m->watched, &m->links);
	watched_done(&m->watched);
	m->watch.fd = -1;
	registry_watch_close(&m->watch);
	cleanup_close(&m->lock);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

int monitor_loop(const struct monitor_settings *settings, int lock, int *ready, bool *has_lost_lock)
{
	CLEANUP(monitor_done)
	struct monitor m = {
		.settings = settings,
		.lock = lock,
		.watch = { .fd = -1 },
		.registry = { SOURCE_REGISTRY, -1 },
		.signals = { SOURCE_SIGNAL, -1 },
		.links = { SOURCE_HOST_LINKS, -1 },
		.guests = GUEST_WATCH_INIT,
		.all_is_stale = true,
		.burst_began = NEVER,
		.due = NEVER,
		.poll_due = NEVER,
	};
	unsigned long descriptors = daemon_raise_descriptors();
	int r = watched_init(&m.watched, descriptors > 2 * DESCRIPTORS_RESERVED
						 ? descriptors - DESCRIPTORS_RESERVED
						 : descriptors / 2);

	if (r == 0)
		r = open_sources(&m);
	if (r < 0) {
		complain("cannot watch the registry: %s", error_words(r));
		return EXIT_FAILURE;
	}
	r = settle_and_run(&m, ready);
	*has_lost_lock = m.has_lost_lock;
	return r;
}
