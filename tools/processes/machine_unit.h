/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a unit is a machine's: all processes in it are the machine's or its supervisors. These
 * are the leader's ancestors in the unit, and descendants of the leader's parent, if that is in the unit; they
 * have no terminal. If the unit wasn't given as the machine's and hasn't its name, only launchers such as
 * systemd-nspawn, lxc-start or conmon are supervisors. No other machine is in the unit.
 */
#pragma once

#include "tools/processes/machine_processes.h"

/*
 * The cgroup path of the unit that the machine was registered with, if the leader or one of its
 * ancestors is in it. In the arena of `processes`, or NULL.
 */
const char *machine_unit_cgroup(struct machine_processes *processes);

/*
 * Whether the machine's unit was given as that, or is named for it, as web1.service or lxc@web1.service, if
 * it is root's.
 */
bool machine_unit_is_made_for(const struct machine *machine) __attribute__((nonnull));

/* Whether that unit is the machine's. */
bool machine_owns_unit(struct machine_processes *processes);

/*
 * The processes to show for the machine, by ascending pid, in the arena: its own, and the others in its unit
 * if that is the machine's or was given as that. Returns how many, or a negative errno.
 */
long machine_unit_list(struct machine_processes *processes, struct arena *arena,
		       struct process **list);

/* The same as machine_owns_unit(), for a machine that is looked at for nothing else. */
bool machine_unit_is_own(struct snapshot *snapshot, const struct cgroup_hierarchy *cgroups,
			 const struct machine *machine);
