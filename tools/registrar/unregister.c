/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/unregister.h"

#include "base/cleanup.h"
#include "registry/lookup.h"
#include "tools/registrar/publish.h"

#include <errno.h>

/* The monitor is mostly quicker, and then no lock is needed. */
static bool any_is_registered(const struct machine_identity *machines, size_t count)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct machine found;

	snapshot_open(&snapshot, REGISTRY_PATH);
	for (size_t i = 0; snapshot.is_open && i < count; i++)
		if (find_same_registration(&snapshot, machines[i].name, &machines[i].leader,
					   &found) == 0)
			return true;
	return false;
}

static int remove_machine(struct writer *w, const struct machine_identity *machine)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine found;
	int r = find_same_registration_in_change(w, machine->name, &machine->leader, &found);

	if (r == 0) {
		machine_name_fold(machine->name, folded);
		r = writer_remove(w, folded);
	}
	return r == -ENOENT ? 0 : r;
}

int unregister_machines(const struct machine_identity *machines, size_t count,
			struct notices *notices, struct failure *f)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };
	int r = 0;

	if (!any_is_registered(machines, count))
		return 0;
	if (open_registry_writer(&writer, f) < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = remove_machine(&writer, &machines[i]);
	if (r < 0)
		return registry_failure(f, writer.path, r);
	return publish(&writer, notices, f) < 0 ? -1 : 0;
}
