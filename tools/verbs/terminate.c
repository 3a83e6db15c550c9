/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines terminate */
#include "tools/control/machine_signal.h"
#include "tools/messages/message.h"
#include "tools/registrar/unregister.h"
#include "tools/verbs/named_machines.h"

#include <stdlib.h>

struct terminated {
	struct arena *arena;
	struct machine_identity *machines;
	size_t count;
};

static int terminate_machine(struct snapshot *snapshot, const struct machine *m, const void *data,
			     struct failure *f)
{
	struct terminated *list = *(struct terminated *const *) data;

	if (machine_terminate(snapshot, m, f) < 0)
		return -1;
	list->machines =
		arena_grow(list->arena, list->machines, list->count, sizeof *list->machines);
	list->machines[list->count++] =
		(struct machine_identity){ arena_strdup(list->arena, m->name), m->leader };
	return 0;
}

static int terminate_machines(const struct command_line *line, void *settings, struct failure *f)
{
	struct terminated terminated = { .arena = line->arena }, *list = &terminated;
	struct notices notices = { 0 };
	int status = act_on_named_machines(line, terminate_machine, &list, f), r;

	(void) settings;
	if (status < 0)
		return -1;
	r = unregister_machines(terminated.machines, terminated.count, &notices, f);
	report_notices(&notices, false);
	return r < 0 ? -1 : status;
}

const struct verb terminate_verb = {
	.name = "terminate",
	.synopsis = "NAME...",
	.summary = "Kill machines at once",
	.description = "Kill all processes of machines at once, and unregister the machines. "
		       "Unsaved data is lost; see poweroff.",
	.group = VERB_OPERATE,
	.is_machinectl = true,
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.run = terminate_machines,
};
