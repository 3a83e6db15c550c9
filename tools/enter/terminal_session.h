/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process in a machine on a terminal of the machine's, shown on the terminal
 * here: all keys go there, and it follows the size of the window.
 */
#pragma once

#include <stdbool.h>

/* Whether standard input and output are a terminal. */
bool terminal_session_is_possible(void);

/* Give the machine's terminal the window size and the special keys of the terminal here. */
void terminal_session_prepare(int master);

/* How it ended. */
struct terminal_session_end {
	bool by_user;	   /* by ^] three times within a second, or the terminal here was closed */
	int signal_number; /* the signal that ended it here, or 0 */
	char last;	   /* the last byte that was shown, or '\n' */
};

/*
 * Run until the process has ended or the user leaves it. The caller then closes the master,
 * and the processes on the terminal get SIGHUP. The terminal here is restored. Signals stay
 * blocked: the caller ends the process by signal_raise_default() if one came.
 */
struct terminal_session_end terminal_session_run(int master, int pidfd);
