/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/monitor.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "tools/monitor/daemon.h"
#include "tools/monitor/monitor_lock.h"
#include "tools/monitor/monitor_log.h"
#include "tools/monitor/monitor_loop.h"
#include "tools/monitor/monitor_start.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>

/* Descriptors that are left for looking at machines and publishing. */
#define DESCRIPTORS_RESERVED 64

/*
 * Two to enter network namespaces and to tell them apart, and one to find a
 * machine's root directory behind directories that are closed to others.
 */
static const int capabilities[] = { CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH,
				    CAP_NET_ADMIN };

/* sigprocmask(2) of the signals that end us, and of the one that asks for a look. */
static void mask_signals(int how, bool hangup_too)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (hangup_too)
		sigaddset(&signals, SIGHUP);
	sigprocmask(how, &signals, NULL);
}

/* Become the one monitor. 1; 0 if there is one, as `other`; or -1 with a failure. */
static int take_lock(const struct monitor_settings *settings, int *lock, pid_t *other,
		     struct failure *f)
{
	int r;

	if (monitor_lock_prepare(f) < 0)
		return -1;
	r = monitor_lock_take(false, lock);
	if (r == -EAGAIN && settings->background && monitor_end_replaced())
		r = monitor_lock_take(false, lock);
	if (r == -EAGAIN)
		monitor_is_running(other);
	if (r == -EAGAIN && settings->wait) {
		monitor_log("the monitor runs already, as pid %d; waiting until it has left",
			    *other);
		daemon_notify("READY=1\nSTATUS=Another monitor runs; waiting until it has left.");
		mask_signals(SIG_UNBLOCK, false);
		r = monitor_lock_take(true, lock);
		mask_signals(SIG_BLOCK, false);
	} else if (r == -EAGAIN) {
		return 0;
	}
	return r < 0 ? failure_errno(f, r, "%s", MONITOR_LOCK_PATH) : 1;
}

/* Give up privileges, and become a daemon as far as that is wanted. */
static int settle(const struct monitor_settings *settings, int *ready, struct failure *f)
{
	if (daemon_keep_capabilities(capabilities, ARRAY_SIZE(capabilities), f) < 0)
		return -1;
	/* When it was the monitor before, and has lost its lock, it is ready already. */
	if (*ready >= 0 && daemon_announce_ready(ready, f) < 0)
		return -1;
	monitor_log_begin(settings->background);
	return 0;
}

static size_t descriptors_max(void)
{
	size_t limit = daemon_raise_descriptors();

	return limit > 2 * DESCRIPTORS_RESERVED ? limit - DESCRIPTORS_RESERVED : limit / 2;
}

/* With the lock, which is used up. `before` is the registry as it was without it. */
static enum loop_end run_locked(const struct monitor_settings *settings, int lock,
				const struct registry_identity *before, int *ready,
				struct failure *f)
{
	CLEANUP(monitor_loop_close) struct monitor_loop loop = MONITOR_LOOP_INIT;
	const struct loop_settings loop_settings = { .exit_when_empty = settings->exit_when_empty,
						     .background = settings->background,
						     .is_service = settings->wait };

	loop.lock = lock;
	loop.before_signal = *before;
	/* Before it has children, which are to leave them as well. */
	if (settings->background)
		daemon_leave_cgroups();
	if (monitor_loop_open(&loop, &loop_settings, descriptors_max(), f) < 0 ||
	    settle(settings, ready, f) < 0)
		return LOOP_FAILED;
	return monitor_loop_run(&loop, f);
}

enum monitor_end monitor_run(const struct monitor_settings *settings, pid_t *other,
			     struct failure *f)
{
	int ready = -1, lock = -1;
	enum loop_end end;

	*other = 0;
	if (settings->background && daemon_fork(&ready, f) < 0)
		return MONITOR_FAILED;
	do {
		struct registry_identity before = { 0 };
		int r;

		/*
		 * From when we have the lock, a registration counts on us: we may end only in
		 * the loop, which looks for it. SIGHUP asks for a look at all machines, and
		 * must not end us, also while we wait.
		 */
		mask_signals(SIG_BLOCK, true);
		registry_stat(REGISTRY_PATH, &before);
		/* Only now, as the lock is the process's and not its child's. */
		r = take_lock(settings, &lock, other, f);
		if (r <= 0)
			return r == 0 ? MONITOR_RUNS_ALREADY : MONITOR_FAILED;
		end = run_locked(settings, lock, &before, &ready, f);
		lock = -1;
	} while (end == LOOP_LOST_LOCK && settings->wait);
	return end == LOOP_FAILED ? MONITOR_FAILED : MONITOR_LEFT;
}
