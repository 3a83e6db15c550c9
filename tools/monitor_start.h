/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/*
 * Have a monitor run, in the background, if none does and it isn't set that
 * none should: by systemd, where that runs and has our unit, or else a process
 * of our own. What goes wrong is said; it is no reason to fail: the next
 * registration tries again.
 */
void monitor_start(void);

#define MONITOR_UNIT "mymachines-monitor.service"

/* Whether the unit that this was installed with is there. */
bool monitor_has_unit(void);
