/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ending early, by a signal: what was begun is removed first. */
#pragma once

/*
 * From now on SIGINT, SIGTERM and SIGHUP don't end the process, but ask it to stop. 0 or a
 * negative errno.
 */
int stop_watch_signals(void);

/* The signal that asked us to stop, or 0. */
int stop_signal(void);

/*
 * A descriptor that becomes readable when we are to stop; nobody reads it. -1 before the first
 * call above.
 */
int stop_descriptor(void);
