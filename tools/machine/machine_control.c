/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unregister, Terminate and Kill. */
#include "base/array_size.h"
#include "base/cleanup.h"
#include "tools/calls/control_work.h"
#include "tools/machine/machine_error.h"
#include "tools/machine/machine_job.h"
#include "tools/machine/machine_methods.h"
#include "tools/machine/machine_refused.h"
#include "tools/machine/machine_who.h"

#include <signal.h>
#include <string.h>

#define CLEANUP_TARGET CLEANUP(call_target_close)

static const struct machine_parameter who[] = { PARAMETERS_WHO };

static void start(struct varlink_call *call, const struct machine_input *input,
		  const struct call_target *target, const char *verb, enum own_use use,
		  work_function *function, const void *argument)
{
	struct machine_question question =
		machine_question_of(call, MACHINE_ACTION("manage-machines"), input->is_interactive);

	question.details[0] = "machine";
	question.details[1] = target->name;
	question.details[2] = "verb";
	question.details[3] = verb;
	question.own = &target->machine;
	question.use = use;
	machine_job_start(call, &question, function, argument, CONTROL_WORK_MS,
			  &(struct machine_job_end){ .done = machine_job_reply_nothing });
}

void answer_unregister(struct varlink_call *call)
{
	CLEANUP_TARGET struct call_target target = { 0 };
	struct machine_input input;
	struct unregister_work work = { .target = &target };

	if (!machine_input_read(&input, call, who, ARRAY_SIZE(who), false) ||
	    !machine_who_open(&target, call, &input))
		return;
	/* Some clients unregister their name at their end, whether they have registered it or not. */
	if (input.name && machine_refused_forget(call, input.name)) {
		machine_refuse(call, "org.varlink.service.PermissionDenied");
		return;
	}
	if (target.is_host) {
		varlink_reply(call, NULL);
		return;
	}
	work.name = input.name ? input.name : target.name;
	start(call, &input, &target, "unregister", OWN_UNREGISTER, unregister_work, &work);
}

/* Whether it isn't the host. If it is, the call has been answered. */
static bool is_no_host(const struct call_target *target, struct varlink_call *call)
{
	if (target->is_host)
		machine_refuse(call, MACHINE_ERROR("NotSupported"));
	return !target->is_host;
}

void answer_terminate(struct varlink_call *call)
{
	CLEANUP_TARGET struct call_target target = { 0 };
	struct machine_input input;

	if (machine_input_read(&input, call, who, ARRAY_SIZE(who), false) &&
	    machine_who_open(&target, call, &input) && is_no_host(&target, call))
		start(call, &input, &target, "terminate", OWN_CONTROL, terminate_work, &target);
}

void answer_kill(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = {
		PARAMETERS_WHO,
		PARAMETER("whom", TEXT, whom),
		REQUIRED("signal", NUMBER, signal),
	};
	CLEANUP_TARGET struct call_target target = { 0 };
	struct machine_input input;
	struct kill_work work = { .target = &target };

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false))
		return;
	work.signal = (int) input.signal.value;
	if (input.whom && signal_target_parse(input.whom, &work.whom) < 0) {
		varlink_invalid_parameter(call, "whom");
		return;
	}
	if (input.signal.value <= 0 || input.signal.value > SIGRTMAX) {
		varlink_invalid_parameter(call, "signal");
		return;
	}
	if (machine_who_open(&target, call, &input) && is_no_host(&target, call))
		start(call, &input, &target, "kill",
		      work.whom == SIGNAL_SUPERVISOR ? OWN_SUPERVISOR : OWN_CONTROL, kill_work,
		      &work);
}
