/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A process in a machine, with pipes: what it reads and writes goes through
 * these, so that it has none of the caller's own descriptors, which may be
 * files or terminals of the host's.
 */
#pragma once

#define PIPE_SESSION_FDS 3

/* For a visitor: make them. The first three are its own, the others go to the caller. */
int pipe_session_open(int own[static PIPE_SESSION_FDS], int others[static PIPE_SESSION_FDS]);

/*
 * For the caller: pass on its standard input, output and error, until the
 * process has ended, and what it wrote until then is passed on. What
 * others in the machine still hold open isn't waited for. Closes the pipes.
 * 0; or -1 where output was lost, which is said.
 */
int pipe_session_run(int pipes[static PIPE_SESSION_FDS], int pidfd);
