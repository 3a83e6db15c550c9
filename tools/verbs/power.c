/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines poweroff, and reboot. */
#include "tools/control/machine_power.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/named_machines.h"

static int ask_machine(struct snapshot *snapshot, const struct machine *m, const void *data,
		       struct failure *f)
{
	enum power_action action = *(const enum power_action *) data;

	return is_machinectl() ? machine_power_as_machinectl(snapshot, m, action, f)
			       : machine_power(snapshot, m, action, f);
}

static int power_off_machines(const struct command_line *line, void *settings, struct failure *f)
{
	(void) settings;
	return act_on_named_machines(line, ask_machine, &(enum power_action){ POWER_OFF }, f);
}

static int reboot_machines(const struct command_line *line, void *settings, struct failure *f)
{
	(void) settings;
	return act_on_named_machines(line, ask_machine, &(enum power_action){ POWER_REBOOT }, f);
}

const struct verb poweroff_verb = {
	.name = "poweroff",
	.alias = "stop",
	.synopsis = "NAME...",
	.summary = "Ask machines to shut down; also called stop",
	.description = "Ask machines to shut down, without waiting for it. The first process of a "
		       "container gets the signal that makes it power off.",
	.group = VERB_OPERATE,
	.is_machinectl = true,
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.run = power_off_machines,
};

const struct verb reboot_verb = {
	.name = "reboot",
	.alias = "restart",
	.synopsis = "NAME...",
	.summary = "Ask machines to reboot; also called restart",
	.description = "Ask machines to reboot, without waiting for it.",
	.group = VERB_OPERATE,
	.is_machinectl = true,
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.run = reboot_machines,
};
