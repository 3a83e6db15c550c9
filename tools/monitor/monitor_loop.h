/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor's loop. Each pass follows the registry, notes the machines that
 * something has happened to, refreshes them, and follows up: exports and what is
 * to be watched. It keeps no facts of its own, so it may be killed anywhere: the
 * next monitor begins with all machines.
 */
#pragma once

#include "base/failure.h"
#include "registry/notify.h"
#include "tools/monitor/bus_watch.h"
#include "tools/monitor/exports_watch.h"
#include "tools/monitor/host_links.h"
#include "tools/monitor/reach_watch.h"
#include "tools/monitor/slow_look.h"
#include "tools/monitor/sockets_watch.h"
#include "tools/monitor/vm_watch.h"
#include "tools/monitor/watched.h"

#include <stdbool.h>

struct loop_settings {
	bool exit_when_empty;
	bool background;
	bool is_service; /* a service manager starts and ends it */
};

enum loop_end {
	LOOP_RUNS,
	LOOP_LEFT,	/* without machines */
	LOOP_STOPPED,	/* by a signal */
	LOOP_LOST_LOCK, /* there is another monitor by now */
	LOOP_FAILED,
};

/* A look at many machines, as no event tells of a change. */
struct check {
	struct schedule_item item;
	bool is_due;
};

struct monitor_loop {
	const struct loop_settings *settings;
	int lock; /* of monitor_lock_take() */
	struct registry_notify watch;
	struct source registry, signals;
	struct host_links links;
	struct vm_watch vms;
	struct reach_watch reach;
	struct exports_watch exports;
	struct slow_look slow;
	struct sockets_watch sockets;
	struct bus_watch bus;
	struct watched watched;
	/* Whether leaders have entered other network namespaces: from the host's, and any. */
	struct check check_home, check_all;
	struct check check_settling; /* whether containers have other files by now */
	bool watch_is_broken;
	struct registry_identity followed;	/* the snapshot that `watched` follows */
	struct registry_identity before_signal; /* what was there when none had come to end us */
	bool exports_are_doubtful;		/* whatever their time says */
	struct schedule_item exports_retry;	/* it rests after they couldn't be written */
	size_t n_partial_reported;
	size_t n_notified;
	enum loop_end end;
};

#define MONITOR_LOOP_INIT                                                                          \
	{                                                                                          \
		.lock = -1, .watch = { .fd = -1 }, .registry = { SOURCE_REGISTRY, -1 },            \
		.signals = { SOURCE_SIGNAL, -1 }, .links = HOST_LINKS_INIT, .vms = VM_WATCH_INIT,  \
		.reach = REACH_WATCH_INIT, .exports = EXPORTS_WATCH_INIT, .slow = SLOW_LOOK_INIT,  \
		.sockets = SOCKETS_WATCH_INIT, .bus = BUS_WATCH_INIT,                              \
		.watched = { .sources.epoll = -1, .home = -1 }, .exports_are_doubtful = true       \
	}

/* Open everything that is waited for. 0, or -1 with a failure. */
int monitor_loop_open(struct monitor_loop *loop, const struct loop_settings *settings,
		      size_t descriptors_max, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Run until something ends it, which isn't LOOP_RUNS. With LOOP_FAILED, `failure` says why. */
enum loop_end monitor_loop_run(struct monitor_loop *loop, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Also releases the lock. */
void monitor_loop_close(struct monitor_loop *loop);
