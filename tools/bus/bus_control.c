/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unregistering, ending and signalling machines. */
#include "base/cleanup.h"
#include "tools/bus/bus_operate.h"
#include "tools/bus/bus_permitted.h"
#include "tools/bus/bus_target.h"
#include "tools/calls/control_work.h"
#include "tools/calls/refused.h"

#include <signal.h>
#include <string.h>

#define MANAGE "org.freedesktop.machine1.manage-machines"

/* Answer a call that has no result, when the signals of what was done are sent. */
static int reply_nothing(struct bus *bus, sd_bus_message *call, const struct work_result *result,
			 sd_bus_error *error)
{
	(void) result, (void) error;
	bus_follow(bus);
	return sd_bus_reply_method_return(call, NULL);
}

/* An operation on a machine that a child carries out, if the caller may. */
struct control {
	sd_bus_message_handler_t handler;
	const char *verb;
	enum own_use use;
	work_function *function;
	const void *argument;
};

static int start_control(struct bus *bus, sd_bus_message *call, const struct call_target *target,
			 const struct control *control, sd_bus_error *error)
{
	const char *details[] = { "machine", target->name, "verb", control->verb, NULL };
	const struct bus_question question = { control->handler, MANAGE, details, &target->machine,
					       control->use };

	return bus_permitted_start(bus, call, &question, control->function, control->argument,
				   reply_nothing, CONTROL_WORK_MS, error);
}

/* systemd-nspawn unregisters its name at its end, whether it has registered it or not. */
static int refuse_other_machine(struct bus *bus, sd_bus_message *call, const char *name,
				sd_bus_error *error)
{
	return refused_forget(bus_refused(bus), sd_bus_message_get_sender(call), name)
		       ? sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
					   "Machine '%s' isn't the one that this client has asked "
					   "to register",
					   name)
		       : 0;
}

BUS_HANDLER(bus_unregister_machine)
{
	struct call_target target = { 0 };
	struct unregister_work named = { .target = &target };
	int r = bus_target_find(userdata, &target, call, error);

	if (r >= 0)
		r = sd_bus_message_rewind(call, true);
	if (r >= 0)
		r = sd_bus_message_read(call, "s", &named.name);
	if (r >= 0)
		r = refuse_other_machine(userdata, call, named.name, error);
	if (r < 0)
		return r;
	if (target.is_host)
		return sd_bus_reply_method_return(call, NULL);
	return start_control(userdata, call, &target,
			     &(struct control){ bus_unregister_machine, "unregister",
						OWN_UNREGISTER, unregister_work, &named },
			     error);
}

static int not_the_host(const struct call_target *target, sd_bus_error *error)
{
	return target->is_host ? sd_bus_error_set(error, SD_BUS_ERROR_NOT_SUPPORTED,
						  "Operation not supported")
			       : 0;
}

BUS_HANDLER(bus_terminate_machine)
{
	struct call_target target = { 0 };
	int r = bus_target_find(userdata, &target, call, error);

	if (r >= 0)
		r = not_the_host(&target, error);
	return r < 0 ? r
		     : start_control(userdata, call, &target,
				     &(struct control){ bus_terminate_machine, "terminate",
							OWN_CONTROL, terminate_work, &target },
				     error);
}

BUS_HANDLER(bus_kill_machine)
{
	struct call_target target = { 0 };
	struct kill_work kill = { .target = &target };
	const char *whom;
	int r = bus_target_find(userdata, &target, call, error);

	if (r >= 0)
		r = sd_bus_message_read(call, "si", &whom, &kill.signal);
	if (r < 0)
		return r;
	if (*whom && signal_target_parse(whom, &kill.whom) < 0)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "Invalid kill parameter '%s'", whom);
	if (kill.signal <= 0 || kill.signal > SIGRTMAX)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid signal %i",
					 kill.signal);
	r = not_the_host(&target, error);
	return r < 0 ? r
		     : start_control(userdata, call, &target,
				     &(struct control){ bus_kill_machine, "kill",
							kill.whom == SIGNAL_SUPERVISOR
								? OWN_SUPERVISOR
								: OWN_CONTROL,
							kill_work, &kill },
				     error);
}
