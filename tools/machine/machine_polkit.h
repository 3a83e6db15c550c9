/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may call: root may do everything; anybody else what polkit allows, where
 * there is a system bus and polkit on it. Elsewhere nobody else may.
 */
#pragma once

#include "base/failure.h"
#include "tools/calls/ownership.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* A key and a value each. */
#define MACHINE_DETAILS_MAX 12

#define MACHINE_ACTION(name) "org.freedesktop.machine1." name

struct machine_question {
	const char *action;
	const char *details[MACHINE_DETAILS_MAX + 1]; /* NULL behind the last */
	bool is_interactive;			      /* whether polkit may ask a person */
	struct ucred peer;			      /* who calls, as taken when it connected */
	uint64_t peer_start;			      /* as in struct varlink_call */
	int pidfd;				      /* of it, or varlink_peer_pidfd()'s errno */
	/* Nobody is asked about this machine if it is the caller's own; NULL for others. */
	const struct machine *own;
	enum own_use use;
};

/* How long a person may take to answer. */
#define MACHINE_QUESTION_MS 25000

/*
 * Ask, and wait for the answer, in a child: its end takes the question back. 0, or -1 with a failure:
 * FAILURE_NOT_PERMITTED, or FAILURE_NO_AGENT if a person would have to be asked and can't be.
 */
int machine_authorize(const struct machine_question *question, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
