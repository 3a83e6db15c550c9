/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying between the host and a machine: one half here, the other a visitor in the machine. */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/enter/entrance.h"

#include <stdbool.h>
#include <stdio.h>

struct copy_session {
	bool to_machine; /* or from it */
	const char *here, *there;
	bool replace;	/* files that exist */
	bool keep;	/* files that exist in a directory that is copied, without a failure */
	FILE *progress; /* where to show it if that is a terminal, or NULL */
};

struct copy_result {
	bool is_partial;   /* something was left out: the notices have it */
	int signal_number; /* that ended the copy, or 0 */
};

/*
 * Copy. What is left out becomes notices, at once. 0, or -1 with a failure. For programs that do
 * nothing else: signals that end the process are blocked from then on, and the umask is 0.
 */
int copy_session_run(const struct copy_session *session, const struct entrance *entrance,
		     struct copy_result *result, struct notices *notices, struct failure *failure)
	__attribute__((nonnull(1, 2, 3, 5), warn_unused_result));
