/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program in a machine, with a terminal of the machine's or with pipes: shell and login. */
#pragma once

#include "registry/array.h"

#include <stdbool.h>

/*
 * One that may be executed, in the order of trial: the first that is there is. The file is
 * looked for in PATH if it has no "/"; without a file, it is the user's login shell.
 */
struct machine_program {
	const char *file;
	char *const *arguments; /* the name first, NULL behind the last */
};

struct machine_session {
	const char *verb;
	const char *machine;
	const char *user; /* its name or number in there, NULL for root */
	const struct machine_program *programs;
	size_t n_programs;
	const char *missing;	     /* what is said if none of them is there, or NULL */
	struct string_list settings; /* of the environment, NAME=VALUE */
	bool is_quiet;
	bool needs_terminal;
	bool hides_status; /* once it runs, the exit status is 0, however it ends */
};

/*
 * Have it run there. Returns an exit status: the program's, 128 and the
 * signal's number for one that died of it, or 1 after it has said what is wrong.
 */
int machine_session_run(const struct machine_session *session);
