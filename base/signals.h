/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signals of this process. */
#pragma once

/* For a process that was forked: give all signals their default actions, and block none. */
void signals_reset(void);

/*
 * End by a signal that was blocked or caught, so that the parent sees that signal. Returns 128 and its
 * number, if it doesn't end the process.
 */
int signal_raise_default(int number);
