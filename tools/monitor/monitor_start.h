/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting the monitor, for whoever has registered a machine. */
#pragma once

#include "base/notices.h"

#include <stdbool.h>
#include <sys/types.h>

#define MONITOR_UNIT "mymachines-monitor.service"

/*
 * Start the monitor in the background, unless one runs or the configuration
 * forbids it: by systemd, where that runs and has our unit, or else as a process
 * of our own. If it can't be started, that is a warning, because the next
 * registration tries again.
 */
void monitor_start(struct notices *notices);

/* Returns the pid of a monitor whose program was removed or replaced since, or 0. */
pid_t monitor_find_replaced(void);

/*
 * End such a monitor: it may be an older one, which would drop facts that it doesn't know. So this
 * comes before they are published, and monitor_start() after that. Returns whether there was one.
 */
bool monitor_end_replaced(void);

/* Whether the unit is installed. */
bool monitor_has_unit(void);
