/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/named_machines.h"

#include "base/cleanup.h"
#include "host/host_machine.h"
#include "registry/lookup.h"
#include "tools/messages/message.h"
#include "tools/verbs/machinectl.h"

#include <stdlib.h>
#include <string.h>

typedef int machine_finder(struct snapshot *snapshot, const char *name, struct machine *machine,
			   struct failure *failure);

int find_shown_machine(struct snapshot *snapshot, const char *name, struct machine *m,
		       struct failure *f)
{
	if (!is_machinectl() || strcmp(name, ".host") != 0)
		return machine_find(snapshot, name, m, f);
	host_machine_read(m);
	return 0;
}

static int act_on_name(struct snapshot *snapshot, machine_finder *find, const char *name,
		       machine_action *act, const void *data)
{
	struct failure failure;
	struct machine machine;
	int r = find(snapshot, name, &machine, &failure);

	if (r == 0)
		r = act(snapshot, &machine, data, &failure);
	if (r < 0)
		report(&failure);
	return r;
}

static int act_on_found_machines(const struct command_line *line, machine_finder *find,
				 machine_action *act, const void *data, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	int status = EXIT_SUCCESS;

	if (registry_open(&snapshot, f) < 0)
		return -1;
	for (int i = 0; i < line->n_names; i++) {
		if (act_on_name(&snapshot, find, line->names[i], act, data) == 0)
			continue;
		status = EXIT_FAILURE;
		if (!goes_on_after_failure())
			break;
	}
	return status;
}

int act_on_named_machines(const struct command_line *line, machine_action *act, const void *data,
			  struct failure *f)
{
	return act_on_found_machines(line, machine_find, act, data, f);
}

int show_named_machines(const struct command_line *line, machine_action *show, const void *data,
			struct failure *f)
{
	return act_on_found_machines(line, find_shown_machine, show, data, f);
}
