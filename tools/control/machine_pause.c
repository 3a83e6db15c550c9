/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/machine_pause.h"

#include "base/pidfd.h"
#include "base/arena.h"
#include "base/cleanup.h"
#include "host/process.h"
#include "registry/lookup.h"
#include "tools/control/control.h"
#include "tools/control/frozen_cgroups.h"
#include "tools/control/machine_cgroup.h"

#include <errno.h>

/* 0 or a negative errno: -ENOENT if it has no cgroup of its own. */
static int find_cgroup(struct snapshot *snapshot, const struct machine *m, struct arena *arena,
		       struct machine_cgroup *cgroup)
{
	CLEANUP(machine_processes_close) struct machine_processes p = { .namespace = -1 };
	struct cgroup_hierarchy cgroups;
	bool has_cgroups = cgroup_hierarchy_find(&cgroups) == 0;
	int r = machine_processes_open(&p, snapshot, has_cgroups ? &cgroups : NULL, arena, m);

	return r < 0 ? r : machine_cgroup_find(cgroup, &p, arena);
}

static int freeze_machine(struct snapshot *snapshot, const struct machine *m, bool frozen)
{
	CLEANUP_CLOSE int pidfd = leader_open(&m->leader, &snapshot->meta.context);
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct machine_cgroup cgroup;
	int r = pidfd;

	if (r >= 0)
		r = find_cgroup(snapshot, m, &arena, &cgroup);
	if (r == 0 && !pidfd_is_alive(pidfd))
		r = -ESRCH;
	return r < 0 ? r : machine_cgroup_freeze(&cgroup, frozen);
}

int machine_pause(struct snapshot *snapshot, const struct machine *m, bool paused,
		  struct failure *f)
{
	const char *what = paused ? "pause it" : "resume it";
	int r;

	if (m->control)
		return machine_control(snapshot, m, paused ? "stop" : "cont", what, f);
	r = freeze_machine(snapshot, m, paused);
	if (r == -ENOENT)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s: cannot %s: it has no cgroup to itself that can be "
				   "frozen; see register --scope",
				   m->name, what);
	if (r < 0)
		return machine_failure(f, m, what, r);
	if (!paused && process_is_frozen(m->leader.pid))
		return failure_set(f, FAILURE_PAUSED,
				   "%s: is still paused: another program has frozen a cgroup "
				   "that it is in",
				   m->name);
	return 0;
}
