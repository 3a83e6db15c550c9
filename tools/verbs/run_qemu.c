/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines run-qemu */
#include "base/cleanup.h"
#include "base/path.h"
#include "tools/messages/message.h"
#include "tools/run/qemu_arguments.h"
#include "tools/verbs/option_values.h"
#include "tools/verbs/run_command.h"

#include <stdlib.h>

/*
 * Set the facts that weren't given as options. Those that can't be used are
 * left out: qemu starts all the same.
 */
static void set_found_facts(struct registration *reg, const struct qemu_arguments *qemu,
			    struct notices *notices)
{
	/* A relative path starts at the directory that qemu starts in, which is ours. */
	CLEANUP_FREE char *control = qemu->qmp ? path_make_absolute(qemu->qmp) : NULL;

	if (!(reg->given & FIELD_CLASS))
		registration_set_found(reg, registration_set_class, "vm", notices);
	if (!(reg->given & FIELD_SERVICE))
		registration_set_found(reg, registration_set_service, "qemu", notices);
	if (!(reg->given & FIELD_ID))
		registration_set_found(reg, registration_set_id, qemu->uuid, notices);
	if (!(reg->given & FIELD_CONTROL))
		registration_set_found(reg, registration_set_control, control, notices);
	if (!(reg->given & FIELD_VSOCK_CID))
		registration_set_found(reg, registration_set_vsock_cid, qemu->vsock_cid, notices);
}

static int run_vm(const struct command_line *line, void *data, struct failure *f)
{
	CLEANUP(supervisor_done) struct supervisor supervisor = { .signals = -1 };
	struct run_command *command = data;
	struct notices notices = { 0 };
	struct qemu_arguments qemu;
	const char *name;

	if (run_command_check(line, f) < 0)
		return -1;
	qemu_arguments_parse(&qemu, line->arena, line->command);
	name = line->n_names ? line->names[0] : NULL;
	if (!name && !qemu.name)
		return usage_failure(
			f, "run-qemu: a name is missing; give one, or give qemu a -name from which "
			   "one can be made");
	supervisor_init(&supervisor);
	if (!name && run_command_make_name(command, line->arena, "qemu", qemu.name, f) < 0)
		return failure_prefix(f, "run-qemu");
	if (run_command_prepare(command, line, name, f) < 0)
		return -1;
	set_found_facts(&command->registration, &qemu, &notices);
	report_notices(&notices, false);
	command->run.daemonizes = qemu.daemonizes;
	return run_command_run(command, line, &supervisor, f);
}

static const struct verb_option options[] = { RUN_COMMAND_OPTIONS, { 0 } };

const struct verb run_qemu_verb = {
	.name = "run-qemu",
	.synopsis = "[NAME] [OPTION...] -- qemu-system-ARCH [ARGUMENT...]",
	.list_entry = "-- QEMU...",
	.summary = "Run a VM, and register it meanwhile",
	.description = "Run a VM, and register it until it ends. With -daemonize, the monitor "
		       "unregisters it. Without NAME, qemu's -name is the name. The id, the vsock "
		       "context id and the control socket are taken from qemu's options, too.",
	.group = VERB_REGISTER,
	.passes_inherited = true,
	.takes_command = true,
	.takes_facts = true,
	.operands = { .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.options = options,
	.settings_size = sizeof(struct run_command),
	.run = run_vm,
};
