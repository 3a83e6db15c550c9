/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the monitor does from its start to its end: waits for leaders to die,
 * for addresses to change, and for the registry itself, and has what has
 * changed looked at again. That is what mymachines refresh does: killed
 * anywhere, it leaves nothing half done, and the next one begins with all
 * machines.
 */
#pragma once

#include <stdbool.h>

struct monitor_settings {
	bool background;
	bool exit_when_empty;
	bool wait;
};

/*
 * Go on until a signal or the last machine ends it. `lock` is that of
 * monitor_lock_take(), and `ready` that of daemon_fork(), in the background:
 * both are used up. Returns an exit status; `has_lost_lock` becomes whether it
 * ended because there is another monitor by now.
 */
int monitor_loop(const struct monitor_settings *settings, int lock, int *ready,
		 bool *has_lost_lock);
