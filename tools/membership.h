/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which machine a process belongs to: by its pid namespace, its unit, or a
 * leader among its ancestors.
 */
#pragma once

#include "registry/cgroup.h"
#include "registry/snapshot.h"
#include "tools/processes.h"

struct membership {
	struct snapshot *snapshot;
	struct arena *arena;
	const struct cgroup_hierarchy *cgroups; /* NULL without one */
	struct process *processes; /* NULL: ancestors are looked for in /proc, one by one */
	size_t n_processes;
	struct pid_namespace *namespaces; /* of the leaders, read when first needed */
	size_t n_namespaces;
	bool has_namespaces;
	bool has_neighbours; /* a leader is in the caller's own pid namespace */
};

/* Find the machine. 0; -ENOENT for a process of the host; or another negative errno. */
int membership_find(struct membership *membership, uint32_t pid, struct machine *machine);
