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
#include <string.h>

/* How often to freeze a cgroup that doesn't have all processes afterwards. */
#define FREEZE_TRIES 3

/* A machine's processes, and the cgroup that has all of them. */
struct machine_place {
	struct cgroup_hierarchy cgroups;
	struct machine_processes processes;
	struct machine_cgroup cgroup;
};
#define MACHINE_PLACE_NONE ((struct machine_place){ .processes.namespace = -1 })

static void place_done(struct machine_place *place)
{
	machine_processes_close(&place->processes);
}

/* 0 or a negative errno: -ENOENT if it has no cgroup of its own. */
static int find_place(struct machine_place *place, struct snapshot *snapshot,
		      const struct machine *m, struct arena *arena)
{
	bool has_cgroups = cgroup_hierarchy_find(&place->cgroups) == 0;
	int r = machine_processes_open(&place->processes, snapshot,
				       has_cgroups ? &place->cgroups : NULL, arena, m);

	return r < 0 ? r : machine_cgroup_find(&place->cgroup, &place->processes, arena);
}

/*
 * Freeze the cgroup that has all processes of the machine. Afterwards, look whether it still has all: one may
 * have gone to another cgroup meanwhile. 0 or a negative errno: -EBUSY if they do so again and again.
 */
static int freeze_all(struct snapshot *snapshot, const struct machine *m, struct arena *arena,
		      struct machine_cgroup *cgroup)
{
	for (int i = 0; i < FREEZE_TRIES; i++) {
		CLEANUP(place_done) struct machine_place after = MACHINE_PLACE_NONE;
		int r = machine_cgroup_freeze(cgroup, true);

		if (r < 0)
			return r;
		r = find_place(&after, snapshot, m, arena);
		if (r == 0 && strcmp(after.cgroup.path, cgroup->path) == 0)
			return 0;
		machine_cgroup_freeze(cgroup, false);
		if (r < 0)
			return r;
		*cgroup = after.cgroup;
	}
	return -EBUSY;
}

static int freeze_machine(struct snapshot *snapshot, const struct machine *m, bool frozen)
{
	CLEANUP_CLOSE int pidfd = leader_open(&m->leader, &snapshot->meta.context);
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(place_done) struct machine_place place = MACHINE_PLACE_NONE;
	int r = pidfd;

	if (r >= 0)
		r = find_place(&place, snapshot, m, &arena);
	if (r == 0 && !pidfd_is_alive(pidfd))
		r = -ESRCH;
	if (r < 0)
		return r;
	return frozen ? freeze_all(snapshot, m, &arena, &place.cgroup)
		      : machine_cgroup_thaw(&place.cgroup, &place.processes);
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
	if (r < 0 && (paused || r != -ETIMEDOUT))
		return machine_failure(f, m, what, r);
	if (!paused && process_is_frozen(m->leader.pid))
		return failure_set(f, FAILURE_PAUSED,
				   "%s: is still paused: another program has frozen a cgroup "
				   "that it is in",
				   m->name);
	return r < 0 ? machine_failure(f, m, what, r) : 0;
}
