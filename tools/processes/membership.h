/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which machine a process belongs to: machine_processes.h has the rules. */
#pragma once

#include "host/cgroup.h"
#include "registry/snapshot.h"
#include "tools/processes/nearest_leader.h"

struct membership {
	struct snapshot *snapshot;
	struct arena *arena;
	const struct cgroup_hierarchy *cgroups; /* NULL if there is none */
	struct ancestry ancestry;

	/* Found out when first needed, and kept in the arena. */
	struct pid_namespace *namespaces; /* those whose init is a leader */
	size_t n_namespaces;
	bool has_namespaces;
	void *known_cgroups; /* of struct known_cgroup, tsearch(3) */
	struct known_unit *known_units;
	size_t n_known_units;
	struct known_machine *known_machines; /* a few, of those last asked about */
	size_t n_known_machines;
};

void membership_done(struct membership *membership);

/* The machine whose process it is. 0; -ENOENT for a process of the host; or another negative errno. */
int membership_find_owner(struct membership *membership, uint32_t pid, struct machine *machine);

/*
 * The same, for display: also the machine whose unit it is in, if the unit is the machine's or was
 * given as that.
 */
int membership_find(struct membership *membership, uint32_t pid, struct machine *machine);
