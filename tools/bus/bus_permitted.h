/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Work that needs permission: polkit's, or that the machine is the caller's own. */
#pragma once

#include "tools/bus/bus_job.h"
#include "tools/calls/ownership.h"

struct bus_question {
	sd_bus_message_handler_t
		handler; /* of the call, which runs again when polkit has answered */
	const char *action;
	const char *const *details; /* pairs of a key and a value, NULL behind the last */
	/* Polkit isn't asked about this machine if it is the caller's own; NULL for others. */
	const struct machine *own;
	enum own_use use;
};

/*
 * Have a child do it, as bus_job_start() does, if the caller may. Whether a machine is the caller's
 * own is for the same child to see, at once before the work.
 */
int bus_permitted_start(struct bus *bus, sd_bus_message *call, const struct bus_question *question,
			work_function *function, const void *argument, bus_job_reply *reply,
			int milliseconds, sd_bus_error *error) __attribute__((nonnull));
