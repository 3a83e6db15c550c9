/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cgroup that a machine has to itself, whoever made it: that of its leader, or
 * one above, with all of its processes and no others. cgroups(7); cgroup-v2 and
 * freezer-subsystem of the kernel's documentation.
 */
#pragma once

#include "base/arena.h"
#include "tools/processes/machine_processes.h"

struct machine_cgroup {
	char *path;	    /* its directory, in the arena */
	bool has_version_2; /* cgroup.freeze and cgroup.kill; otherwise the freezer of version 1 */
};

/* Find it. 0, or -ENOENT if there is none, or it can't be frozen. */
int machine_cgroup_find(struct machine_cgroup *cgroup, struct machine_processes *processes,
			struct arena *arena);

/* Freeze or thaw it, and wait until it is so. 0, -ETIMEDOUT, or another negative errno. */
int machine_cgroup_freeze(const struct machine_cgroup *cgroup, bool frozen);

/*
 * Thaw it, and those above it that have no other processes either: when the machine was frozen, one of these may
 * have been the lowest. Returns what machine_cgroup_freeze() does.
 */
int machine_cgroup_thaw(const struct machine_cgroup *cgroup, struct machine_processes *processes);

/* Kill all processes in it at once. 0 or a negative errno: -EOPNOTSUPP before Linux 5.14. */
int machine_cgroup_kill(const struct machine_cgroup *cgroup);
