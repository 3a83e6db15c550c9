/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process in a machine whose standard streams are pipes. It gets none of the caller's own
 * descriptors, which may be files or terminals of the host's: the caller passes the bytes on.
 */
#pragma once

#include "base/failure.h"

#define PIPE_SESSION_FDS 3

/* For a visitor: make the pipes. `own` are its ends, `others` those for the caller. */
int pipe_session_open(int own[static PIPE_SESSION_FDS], int others[static PIPE_SESSION_FDS]);

/*
 * For the caller: pass its standard input, output and error on, until the process has ended and
 * all that it has written is passed on. Other processes in the machine that still
 * hold the pipes open aren't waited for. Closes the pipes. Afterwards SIGPIPE is ignored.
 * 0, or -1 with a failure if the pipes aren't pipes or output was lost.
 */
int pipe_session_run(int pipes[static PIPE_SESSION_FDS], int pidfd, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
