/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stopping at a signal, after the incomplete work was removed. */
#pragma once

#include <stdbool.h>

/*
 * From now on SIGINT, SIGTERM and SIGHUP don't end the process, but ask it to stop. 0 or a
 * negative errno.
 */
int stop_watch_signals(void);

/* The signal that asked us to stop, or 0. */
int stop_signal(void);

/* Whether there was one. */
bool is_stopped(void);

/*
 * A descriptor that becomes readable when we must stop. Nobody reads it. -1 before stop signals are
 * caught.
 */
int stop_descriptor(void);
