/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/machine_service.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/ending.h"
#include "host/cgroup.h"
#include "host/systemd.h"
#include "tools/processes/machine_unit.h"

#include <stdbool.h>
#include <string.h>

int machine_service_stop(struct snapshot *snapshot, const struct machine *m, struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct cgroup_hierarchy cgroups;

	if (!m->unit || stem_length(m->unit, ".service") == 0 || !systemd_is_running() ||
	    cgroup_hierarchy_find(&cgroups) < 0 || !machine_unit_is_own(snapshot, &cgroups, m))
		return 0;
	return systemd_stop_unit(&arena, m->unit, f) < 0 ? -1 : 1;
}
