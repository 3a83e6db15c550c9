/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Register. */
#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/json_value.h"
#include "host/systemd.h"
#include "tools/calls/register_work.h"
#include "tools/calls/scope_work.h"
#include "tools/machine/machine_error.h"
#include "tools/machine/machine_job.h"
#include "tools/machine/machine_methods.h"
#include "tools/machine/machine_refused.h"
#include "tools/machine/machine_who.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct machine_parameter parameters[] = {
	REQUIRED("name", TEXT, name),
	REQUIRED("class", TEXT, class),
	PARAMETER("id", TEXT, id),
	PARAMETER("service", TEXT, service),
	PARAMETER("leader", NUMBER, leader),
	PARAMETER("leaderProcessId", PROCESS, leader_process),
	PARAMETER("supervisor", NUMBER, supervisor),
	PARAMETER("supervisorProcessId", PROCESS, supervisor_process),
	PARAMETER("rootDirectory", TEXT, root_directory),
	PARAMETER("ifIndices", NUMBERS, interfaces),
	PARAMETER("vSockCid", NUMBER, vsock_cid),
	PARAMETER("sshAddress", TEXT, ssh_address),
	PARAMETER("sshPrivateKeyPath", TEXT, ssh_key),
	PARAMETER("controlAddress", TEXT, control_address),
	PARAMETER("allocateUnit", FLAG, allocate_unit),
	PARAMETER_INTERACTIVE,
};

/* A process that is given as an object, as a number, or as both, which have to agree. */
static bool identify(const struct machine_process *object, const struct machine_number *number,
		     const struct varlink_call *call, struct machine_leader *identity)
{
	struct machine_process process = *object;

	if (!object->is_given)
		process.pid = number->value;
	return process.pid >= 0 && process.pid != 1 && process.pid <= INT32_MAX &&
	       !(object->is_given && number->is_given && number->value != object->pid) &&
	       machine_process_identify(&process, call, identity) == 0;
}

/* Whom a call registers. The parameter that is wrong, or NULL. */
static const char *set_leader(struct register_work *work, const struct machine_input *input,
			      const struct varlink_call *call)
{
	struct registration *reg = &work->registration;

	/* Without a leader it is the caller. */
	if (!identify(&input->leader_process, &input->leader, call, &reg->expected))
		return input->leader_process.is_given ? "leaderProcessId" : "leader";
	reg->leader = reg->expected.pid;
	reg->has_leader = true;
	return NULL;
}

/* The process that manages the machine: by default the caller, unless that is the leader. */
static const char *set_supervisor(struct register_work *work, const struct machine_input *input,
				  const struct varlink_call *call)
{
	static const struct machine_process caller;
	struct machine_leader process;
	struct failure failure;

	work->names_supervisor = input->supervisor_process.is_given || input->supervisor.is_given;
	if (!work->names_supervisor) {
		if (machine_process_identify(&caller, call, &process) == 0)
			register_work_set_caller(work, &process);
		return NULL;
	}
	if (identify(&input->supervisor_process, &input->supervisor, call, &process) &&
	    registration_set_supervisor_process(&work->registration, &process, &failure) == 0)
		return NULL;
	return input->supervisor_process.is_given ? "supervisorProcessId" : "supervisor";
}

static const char *set_interfaces(struct register_work *work, json_object *list)
{
	size_t count = list ? json_object_array_length(list) : 0;

	if (!register_work_expect_interfaces(work, count))
		return "ifIndices";
	for (size_t i = 0; i < count; i++) {
		int64_t index = json_object_get_int64(json_object_array_get_idx(list, i));

		if (index <= 0 || index > INT32_MAX)
			return "ifIndices";
		register_work_add_interface(work, (int32_t) index);
	}
	return NULL;
}

static const char *set_vsock_cid(struct register_work *work, const struct machine_number *cid)
{
	struct failure failure;
	char text[24];

	/* The greatest is as none: VMADDR_CID_ANY of vsock(7). */
	if (!cid->is_given || cid->value == UINT32_MAX)
		return NULL;
	snprintf(text, sizeof text, "%lld", (long long) cid->value);
	return registration_set_vsock_cid(&work->registration, text, &failure) < 0 ? "vSockCid"
										   : NULL;
}

/* Texts that are set as they are. The parameter that is wrong, or NULL. */
static const char *set_texts(struct register_work *work, const struct machine_input *input)
{
	struct registration *reg = &work->registration;
	struct failure failure;

	if (register_work_set_name(work, input->name, &failure) < 0)
		return "name";
	if (registration_set_class(reg, input->class, &failure) < 0)
		return "class";
	/* An id of zeros is as none. */
	if (input->id && input->id[strspn(input->id, "0-")] &&
	    registration_set_id(reg, input->id, &failure) < 0)
		return "id";
	if (input->root_directory && *input->root_directory &&
	    registration_set_root(reg, input->root_directory, &failure) < 0)
		return "rootDirectory";
	if (input->ssh_address && *input->ssh_address &&
	    registration_set_ssh_address(reg, input->ssh_address, &failure) < 0)
		return "sshAddress";
	if (input->ssh_key && *input->ssh_key &&
	    registration_set_ssh_key(reg, input->ssh_key, &failure) < 0)
		return "sshPrivateKeyPath";
	if (input->control_address && *input->control_address &&
	    registration_set_control_address(reg, input->control_address, &failure) < 0)
		return "controlAddress";
	if (input->service)
		register_work_set_service(work, input->service);
	return NULL;
}

static const char *read_request(struct register_work *work, const struct machine_input *input,
				const struct varlink_call *call)
{
	const char *wrong = set_texts(work, input);

	if (!wrong)
		wrong = set_leader(work, input, call);
	if (!wrong)
		wrong = set_supervisor(work, input, call);
	if (!wrong)
		wrong = set_interfaces(work, input->interfaces);
	return wrong ? wrong : set_vsock_cid(work, &input->vsock_cid);
}

/* A later error is about the leader, because everything else was checked before. */
static void fail_registration(struct varlink_call *call, const struct failure *f, void *data)
{
	(void) data;
	if (f->kind == FAILURE_NO_PROCESS || f->kind == FAILURE_INVALID || f->kind == FAILURE_GONE)
		varlink_invalid_parameter(call, "leader");
	else
		machine_fail(call, f);
}

static void reply_registered(struct varlink_call *call, struct work_result *result, void *data)
{
	/* The name that was asked for; the machine may have another one before it. */
	const char *name = json_string(json_member(call->parameters, "name", json_type_string));

	if (name)
		machine_refused_forget(call, name);
	machine_job_reply_nothing(call, result, data);
}

static void start_registration(struct varlink_call *call, const struct machine_question *question,
			       const struct register_work *work)
{
	const struct scope_work scope = { .request = work };
	const struct machine_job_end end = { .done = reply_registered,
					     .failed = fail_registration };

	/* The scopes of a host with systemd are its own. */
	if (work->create && systemd_is_running())
		machine_job_start(call, question, scope_work, &scope, SCOPE_WORK_MS, &end);
	else
		machine_job_start(call, question, register_work, work, REGISTER_WORK_MS, &end);
}

void answer_register(struct varlink_call *call)
{
	CLEANUP(register_work_done) struct register_work work = { .owner = call->peer.uid };
	struct machine_input input;
	struct machine_question question;
	const char *wrong;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), true))
		return;
	machine_refused_note(call, input.name);
	wrong = read_request(&work, &input, call);
	if (wrong) {
		varlink_invalid_parameter(call, wrong);
		return;
	}
	work.create = input.allocate_unit;
	question = machine_question_of(call,
				       input.allocate_unit ? MACHINE_ACTION("create-machine")
							   : MACHINE_ACTION("register-machine"),
				       input.is_interactive);
	question.details[0] = "name";
	question.details[1] = work.registration.machine.name;
	question.details[2] = "class";
	question.details[3] = input.class;
	start_registration(call, &question, &work);
}
