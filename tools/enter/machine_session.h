/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program in a machine, on a terminal of the machine's or on pipes: shell and login. */
#pragma once

#include "base/array.h"
#include "base/failure.h"
#include "base/notices.h"
#include "tools/enter/entrance.h"

#include <stdio.h>

/*
 * A program that may be executed. They are tried in order, up to the first that exists. The file is
 * searched for in PATH if it has no "/"; NULL is the user's login shell.
 */
struct machine_program {
	const char *file;
	char *const *arguments; /* its name first, NULL after the last */
};

struct machine_session {
	const char *user; /* of the machine, by name or number */
	const struct machine_program *programs;
	size_t n_programs;
	const char *missing;	     /* the message if none of them exists, or NULL */
	struct string_list settings; /* of the environment, NAME=VALUE */
	FILE *messages; /* gets a line when a terminal is connected and disconnected, or NULL */
};

struct machine_session_result {
	int status; /* of the program: its exit status, or 128 and the signal that killed it */
	int signal_number; /* the signal that ended the session here, or 0 */
};

/*
 * Run a program in the machine until it ends. If standard input and output are a terminal, it
 * gets a terminal of the machine's, otherwise pipes. 0, or -1 with a failure: FAILURE_NO_PROGRAM
 * or FAILURE_NOT_EXECUTABLE if the program could not be executed.
 */
int machine_session_run(const struct machine_session *session, const struct entrance *entrance,
			struct machine_session_result *result, struct notices *notices,
			struct failure *failure)
	__attribute__((nonnull(1, 2, 3, 5), warn_unused_result));
