/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting the monitor, for whoever has registered a machine. */
#pragma once

#include "base/notices.h"
#include "tools/registrar/registrar.h"

#include <stdbool.h>
#include <sys/types.h>

#define MONITOR_UNIT "mymachines-monitor.service"

/*
 * Start the monitor in the background, unless one runs, or the configuration
 * or a masked unit forbids it: by systemd, where that runs and has our unit, or else as a process of
 * our own, with the path of mymachines(1). If it can't be started, that is a
 * warning, because the next registration tries again.
 */
void monitor_start(const char *program, struct notices *notices);

/*
 * Register machines, as register_machines() does, and start the monitor. `program` is NULL if it isn't
 * wanted. One whose program was replaced since may be an older one, which would drop facts that it doesn't
 * know: it is ended before they are published, and another one is started after that, even if none was
 * published.
 */
int monitor_register(const struct registration *registrations, size_t count,
		     const struct registrar_options *options, const char *program,
		     struct notices *notices, struct failure *failure)
	__attribute__((nonnull(3, 6), warn_unused_result));

/* Returns the pid of a monitor whose program was removed or replaced since, or 0. */
pid_t monitor_find_replaced(void);

/* End such a monitor. Returns whether there was one. */
bool monitor_end_replaced(void);

/* Whether the unit is installed. */
bool monitor_has_unit(void);

/* Whether the administrator doesn't want it started at all. */
bool monitor_is_masked(void);
