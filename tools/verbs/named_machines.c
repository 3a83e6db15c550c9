/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/named_machines.h"

#include "base/cleanup.h"
#include "registry/lookup.h"
#include "tools/messages/message.h"

#include <stdlib.h>

static int act_on_name(struct snapshot *snapshot, const char *name, machine_action *act,
		       const void *data)
{
	struct failure failure;
	struct machine machine;
	int r = machine_find(snapshot, name, &machine, &failure);

	if (r == 0)
		r = act(snapshot, &machine, data, &failure);
	if (r < 0)
		report(&failure);
	return r;
}

int act_on_named_machines(const struct command_line *line, machine_action *act, const void *data,
			  struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	int status = EXIT_SUCCESS;

	if (registry_open(&snapshot, f) < 0)
		return -1;
	for (int i = 0; i < line->n_names; i++)
		if (act_on_name(&snapshot, line->names[i], act, data) < 0)
			status = EXIT_FAILURE;
	return status;
}
