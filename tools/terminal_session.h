/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process in a machine, on a terminal of the machine's, as the terminal here
 * shows it: all keys go there, the window's size is followed.
 */
#pragma once

#include <stdbool.h>

/* Whether standard input and output are a terminal. */
bool terminal_session_is_possible(void);

/* Give the machine's terminal the window size and the keys of the one here. */
void terminal_session_prepare(int master);

/* How it ended. */
struct terminal_session_end {
	bool by_user;	   /* by ^] three times within a second, or because the terminal is gone */
	int signal_number; /* that ended it here, or 0 */
	char last;	   /* byte that was shown, or '\n' */
};

/*
 * Until the process has ended or the user leaves it, when the master is to be closed: its
 * processes then get SIGHUP. The terminal here is as it was before. Signals are
 * blocked from here on: one that ends this is the caller's to raise again.
 */
struct terminal_session_end terminal_session_run(int master, int pidfd);

/* Raise it so that it ends this process. */
void terminal_session_raise(int signal_number);
