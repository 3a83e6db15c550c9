/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is done for a call by a child, after polkit has allowed it: see
 * tools/calls/work.h. The child is given up when its caller goes, or after a time.
 */
#pragma once

#include "tools/calls/work.h"
#include "tools/machine/machine_polkit.h"
#include "tools/varlink/varlink_server.h"

/* Handles the result, if the caller is still connected. */
struct machine_job_end {
	/* Answer the call. The result's descriptor is closed afterwards unless it is set to -1. */
	void (*done)(struct varlink_call *call, struct work_result *result, void *data);
	/* Answer a call whose work has failed; machine_fail() if it is NULL. */
	void (*failed)(struct varlink_call *call, const struct failure *failure, void *data);
	/* The caller is gone, if there is anything to free. */
	void (*cancelled)(void *data);
	void *data;
};

/* The question of a call to polkit, without details. For what anybody may, pass none to machine_job_start(). */
struct machine_question machine_question_of(const struct varlink_call *call, const char *action,
					    bool is_interactive) __attribute__((nonnull));

/*
 * Have a child ask the question, unless it is NULL, and do the work. The call is answered by `end`,
 * now or later, also where this fails.
 */
void machine_job_start(struct varlink_call *call, const struct machine_question *question,
		       work_function *function, const void *argument, int milliseconds,
		       const struct machine_job_end *end) __attribute__((nonnull(1, 3, 6)));

/* For `done`: a reply without parameters. */
void machine_job_reply_nothing(struct varlink_call *call, struct work_result *result, void *data);
