/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cgroup that a machine has to itself, whoever made it: that of its leader, or
 * one above, with all of its processes and no others. cgroups(7); cgroup-v2 and
 * freezer-subsystem of the kernel's documentation.
 */
#pragma once

#include "base/arena.h"
#include "tools/processes/machine_processes.h"

#include <limits.h>

struct machine_cgroup {
	char *path;	    /* its directory, in the arena */
	bool has_version_2; /* cgroup.freeze and cgroup.kill; otherwise the freezer of version 1 */
};

/* Find it. 0, or -ENOENT if there is none, or it can't be frozen. */
int machine_cgroup_find(struct machine_cgroup *cgroup, struct machine_processes *processes,
			struct arena *arena);

/* Freeze or thaw it, and wait until it is so. 0, -ETIMEDOUT, or another negative errno. */
int machine_cgroup_freeze(const struct machine_cgroup *cgroup, bool frozen);

/* Kill all processes in it at once. 0 or a negative errno: -EOPNOTSUPP before Linux 5.14. */
int machine_cgroup_kill(const struct machine_cgroup *cgroup);

/* Whether the process's cgroup is frozen, or one above it. */
bool process_is_frozen(uint32_t pid);

/* The hierarchies that can freeze, and the cgroups that were looked at last. */
#define FREEZERS 3
struct frozen_cgroups {
	struct {
		bool is_absent; /* it isn't mounted, or can't freeze anything */
		bool is_frozen;
		char path[PATH_MAX]; /* of the one looked at last */
	} freezers[FREEZERS];
	bool is_by_id;	/* an id says all: there is no freezer of version 1 */
	bool is_frozen; /* the cgroup of this id */
	uint64_t id;	/* of the one looked at last, or 0 */
};

/* Find out which hierarchies there are. */
void frozen_cgroups_begin(struct frozen_cgroups *known);

/*
 * The same as process_is_frozen(), for many processes of which a pidfd is open: a cgroup is looked
 * at once for those in a row that are in it. 1, 0, or a negative errno.
 */
int process_look_frozen(uint32_t pid, int pidfd, struct frozen_cgroups *known);
