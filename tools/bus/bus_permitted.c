/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_permitted.h"

#include "tools/bus/bus_client.h"
#include "tools/bus/bus_polkit.h"

struct own_work {
	const struct bus_question *question;
	uid_t user;
	work_function *function;
	const void *argument;
};

static int own_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct own_work *own = argument;

	if (!may_use_own(own->question->own, own->user, own->question->use))
		return failure_set(f, FAILURE_NOT_OWN, "the machine isn't the user's own");
	return own->function(own->argument, result, f);
}

/* Whether a child is to look if the machine is this caller's own. */
static bool may_be_own(struct bus *bus, sd_bus_message *call, const struct bus_question *q,
		       uid_t user)
{
	return user != 0 && q->own && q->own->owner == user && bus->again != call &&
	       !bus_is_asked(bus, call);
}

int bus_permitted_start(struct bus *bus, sd_bus_message *call, const struct bus_question *question,
			work_function *function, const void *argument, bus_job_reply *reply,
			int milliseconds, sd_bus_error *error)
{
	struct own_work own = { question, 0, function, argument };
	int r;

	if (bus_caller_uid(bus, call, &own.user) >= 0 && may_be_own(bus, call, question, own.user))
		return bus_job_start_again(bus, call, own_work, &own, reply, milliseconds,
					   question->handler, error);
	r = bus_authorize(bus, call, question->handler, bus, question->action, question->details,
			  error);
	if (r <= 0)
		return r < 0 ? r : 1;
	return bus_job_start(bus, call, function, argument, reply, milliseconds, error);
}
