/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work for a call that may take time: a child does it, and the call is answered
 * when the child has. It has a deadline. A call whose client goes is given up.
 */
#pragma once

#include "tools/bus/bus.h"
#include "tools/calls/work.h"

/*
 * In this process, when the child has done its work: answer the call. Returns as a method's
 * handler does. The descriptor is closed afterwards.
 */
typedef int bus_job_reply(struct bus *bus, sd_bus_message *call, const struct work_result *result,
			  sd_bus_error *error);

/* Answer with the assignments in the result's text, as os-release(5) has them. */
bus_job_reply bus_reply_assignments;

/*
 * Have a child do it. The argument is the child's by fork(2). The call gets an
 * error by itself if the work fails or isn't done after so many milliseconds.
 * Returns 1, as a handler that answers later does, or the negative errno of an
 * error.
 */
int bus_job_start(struct bus *bus, sd_bus_message *call, work_function *function,
		  const void *argument, bus_job_reply *reply, int milliseconds, sd_bus_error *error)
	__attribute__((nonnull));

/*
 * The same, but the handler is called again with the call, which is bus->again meanwhile, if the work
 * fails with FAILURE_NOT_OWN, or is done and `reply` is NULL.
 */
int bus_job_start_again(struct bus *bus, sd_bus_message *call, work_function *function,
			const void *argument, bus_job_reply *reply, int milliseconds,
			sd_bus_message_handler_t handler, sd_bus_error *error)
	__attribute__((nonnull(1, 2, 3, 4, 7, 8)));
