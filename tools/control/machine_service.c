/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/machine_service.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/ending.h"
#include "base/program.h"
#include "host/cgroup.h"
#include "host/systemd.h"
#include "tools/processes/machine_unit.h"

#include <stdbool.h>
#include <string.h>

/* systemd only queues the job, so it answers soon. */
#define ANSWER_MILLISECONDS 5000

/* org.freedesktop.systemd1(5) */
static int stop_unit(struct arena *arena, const char *unit, struct failure *f)
{
	const char *const call[] = {
		/* clang-format off */
		"busctl", "--quiet", "--system", "call",
		"org.freedesktop.systemd1", "/org/freedesktop/systemd1",
		"org.freedesktop.systemd1.Manager", "StopUnit", "ss", unit, "replace", NULL,
		/* clang-format on */
	};
	struct program_answer answer;

	if (program_run(arena, call, ANSWER_MILLISECONDS, &answer, f) < 0)
		return -1;
	return answer.status ? program_failure("busctl", &answer, f) : 0;
}

int machine_service_stop(struct snapshot *snapshot, const struct machine *m, struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct cgroup_hierarchy cgroups;

	if (!m->unit || stem_length(m->unit, ".service") == 0 || !systemd_is_running() ||
	    cgroup_hierarchy_find(&cgroups) < 0 || !machine_unit_is_own(snapshot, &cgroups, m))
		return 0;
	return stop_unit(&arena, m->unit, f) < 0 ? -1 : 1;
}
