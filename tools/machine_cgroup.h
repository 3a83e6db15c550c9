/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cgroup that is a machine's alone, whoever made it: that of its leader, or
 * one above, in which are all of its processes, and nobody else's.
 * cgroups(7), cgroup-v2 and freezer-subsystem of the kernel's documentation.
 */
#pragma once

#include "registry/snapshot.h"
#include "tools/arena.h"

struct machine_cgroup {
	char *path;	    /* its directory, in the arena */
	bool has_version_2; /* cgroup.freeze and cgroup.kill; otherwise the freezer of version 1 */
};

/* Find it. 0; -ENOENT where there is none, or it can't be frozen; or another negative errno. */
int machine_cgroup_find(struct machine_cgroup *cgroup, struct snapshot *snapshot,
			struct arena *arena, const struct machine *machine);

/* Freeze or thaw it, and wait until it is so. 0, -ETIMEDOUT, or another negative errno. */
int machine_cgroup_freeze(const struct machine_cgroup *cgroup, bool frozen);

/* Kill all processes in it at once. 0 or a negative errno: -EOPNOTSUPP before Linux 5.14. */
int machine_cgroup_kill(const struct machine_cgroup *cgroup);

/* Whether the process is in a cgroup that is frozen, or below one. */
bool process_is_frozen(uint32_t pid);
