/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines run */
#include "base/cleanup.h"
#include "tools/verbs/option_values.h"
#include "tools/verbs/run_command.h"

#include <stdlib.h>
#include <string.h>

/* The command's name, if it is valid for a service. */
static int set_default_service(struct registration *reg, char *const *command, struct failure *f)
{
	const char *name = basename(command[0]);

	for (const char *p = name; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return 0;
	return strlen(name) > MACHINE_WORD_MAX ? 0 : registration_set_service(reg, name, f);
}

static int prepare(struct run_command *command, const struct command_line *line, struct failure *f)
{
	if (!command->name_prefix)
		return run_command_prepare(command, line, line->names[0], f);
	return run_command_make_name(command, line->arena, command->name_prefix, line->names[0],
				     f) < 0
		       ? failure_prefix(f, "run")
		       : run_command_prepare(command, line, NULL, f);
}

static int run_container(const struct command_line *line, void *data, struct failure *f)
{
	CLEANUP(supervisor_done) struct supervisor supervisor = { .signals = -1 };
	struct run_command *command = data;
	struct registration *reg = &command->registration;

	if (run_command_check(line, f) < 0)
		return -1;
	if (line->n_names == 0)
		return usage_failure(f, "run: a name is missing");
	supervisor_init(&supervisor);
	if (prepare(command, line, f) < 0)
		return -1;
	if (!(reg->given & FIELD_SERVICE) && set_default_service(reg, line->command, f) < 0)
		return failure_prefix(f, "%s", reg->subject);
	return run_command_run(command, line, &supervisor, f);
}

static const struct verb_option options[] = {
	RUN_COMMAND_OPTIONS,
	{ "name-prefix", .argument = "PREFIX", SETS(struct run_command, name_prefix, set_full_text),
	  .help = "If NAME isn't valid or is taken, use a similar name, such as PREFIX-NAME" },
	{ 0 },
};

const struct verb run_verb = {
	.name = "run",
	.synopsis = "NAME [OPTION...] -- COMMAND [ARGUMENT...]",
	.list_entry = "NAME -- COMMAND",
	.summary = "Run a command, and register its machine meanwhile",
	.description = "Run a command that makes a container, such as unshare, bwrap, "
		       "systemd-nspawn or ip netns exec. The machine is registered under NAME as "
		       "soon as one of its processes has namespaces of its own, until the command "
		       "ends. The command gets the pid of mymachines, with its signals and its "
		       "terminal. The exit status is the command's; 127 if there is no such "
		       "command, 126 if it can't be executed.",
	.group = VERB_REGISTER,
	.passes_inherited = true,
	.takes_command = true,
	.takes_facts = true,
	.operands = { .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.options = options,
	.settings_size = sizeof(struct run_command),
	.run = run_container,
};
