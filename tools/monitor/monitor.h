/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Being the monitor, from the start to the end: take the lock, become a daemon
 * as far as that is wanted, give up privileges, and run the loop.
 */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <sys/types.h>

struct monitor_settings {
	bool background;
	bool exit_when_empty;
	bool wait; /* for service managers: where another monitor runs, until that has left */
};

enum monitor_end {
	MONITOR_LEFT,	      /* after a signal, or without machines */
	MONITOR_RUNS_ALREADY, /* as the process `other`, 0 where that isn't known */
	MONITOR_FAILED,
};

/*
 * Run until a signal, or the end of the last machine if that is wanted, ends it.
 * In the background, the parent exits in here, and this returns in the child.
 */
enum monitor_end monitor_run(const struct monitor_settings *settings, pid_t *other,
			     struct failure *failure) __attribute__((nonnull, warn_unused_result));
