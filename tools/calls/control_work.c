/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/control_work.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "tools/registrar/registrar.h"
#include "tools/registrar/unregister.h"

#include <stdio.h>

/* The machine loses the alias, and keeps the others. */
static int remove_alias(const struct machine *m, const char *alias, struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct registration registration = { .arena = &arena, .subject = m->name };
	char pid[16];

	snprintf(pid, sizeof pid, "%u", m->leader.pid);
	if (registration_set_name(&registration, m->name, f) < 0 ||
	    registration_set_leader(&registration, pid, f) < 0 ||
	    registration_add_alias(&registration, "", f) < 0)
		return -1;
	for (const char *kept = NULL; (kept = machine_next_alias(m, kept));)
		if (!machine_names_equal(kept, alias) &&
		    registration_add_alias(&registration, kept, f) < 0)
			return -1;
	return register_machines(&registration, 1, &(struct registrar_options){ 0 }, NULL, f);
}

int unregister_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct unregister_work *work = argument;
	const struct machine *m = &work->target->machine;
	struct machine_identity identity = { m->name, m->leader };

	(void) result;
	if (!machine_names_equal(m->name, work->name))
		return remove_alias(m, work->name, f);
	return unregister_machines(&identity, 1, NULL, f);
}

int terminate_work(const void *argument, struct work_result *result, struct failure *f)
{
	struct call_target target = *(const struct call_target *) argument;
	struct machine_identity identity = { target.machine.name, target.machine.leader };

	(void) result;
	if (machine_terminate(&target.snapshot, &target.machine, f) < 0)
		return -1;
	return unregister_machines(&identity, 1, NULL, f);
}

int kill_work(const void *argument, struct work_result *result, struct failure *f)
{
	const struct kill_work *work = argument;
	struct snapshot snapshot = work->target->snapshot;
	const struct machine *m = &work->target->machine;

	(void) result;
	return machine_signal(&snapshot, m, work->whom, work->signal, f);
}
