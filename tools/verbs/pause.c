/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines pause, and resume: by the freezer of the machine's cgroup. */
#include "tools/control/machine_pause.h"
#include "tools/verbs/named_machines.h"

static int set_paused(struct snapshot *snapshot, const struct machine *m, const void *data,
		      struct failure *f)
{
	return machine_pause(snapshot, m, *(const bool *) data, f);
}

static int pause_machines(const struct command_line *line, void *settings, struct failure *f)
{
	(void) settings;
	return act_on_named_machines(line, set_paused, &(bool){ true }, f);
}

static int resume_machines(const struct command_line *line, void *settings, struct failure *f)
{
	(void) settings;
	return act_on_named_machines(line, set_paused, &(bool){ false }, f);
}

const struct verb pause_verb = {
	.name = "pause",
	.synopsis = "NAME...",
	.summary = "Pause machines",
	.description = "Pause machines until they are resumed: all processes of their cgroup, or, "
		       "for a VM that was registered with --control, its processors.",
	.group = VERB_OPERATE,
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.run = pause_machines,
};

const struct verb resume_verb = {
	.name = "resume",
	.synopsis = "NAME...",
	.summary = "Resume paused machines",
	.description = "Resume machines that were paused.",
	.group = VERB_OPERATE,
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.run = resume_machines,
};
