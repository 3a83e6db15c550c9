/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of a session that runs in the machine, until it executes the program. */
#pragma once

#include "base/failure.h"
#include "tools/enter/machine_session.h"

#include <stdbool.h>

struct session_visit {
	const struct machine_session *session;
	bool has_terminal;
	const char *term; /* the caller's TERM, or empty */
};

/*
 * A visitor_work(), visitor.h; the argument is a struct session_visit. Hands the caller the
 * master of a terminal, or PIPE_SESSION_FDS ends of pipes.
 */
int session_visit(int socket, void *argument, struct failure *failure);
