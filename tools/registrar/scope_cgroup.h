/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cgroups of scopes that are made here, where systemd doesn't run. Each has
 * a mark, so that no others are removed. Under the writer's lock.
 */
#pragma once

#include "host/cgroup.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define SCOPE_SLICE	"machine.slice"
#define SCOPE_PATH_SIZE (PATH_MAX + UNIT_NAME_SIZE + 64)

/*
 * The name of a machine's scope; with a number, that of one that it gets because
 * another machine is in the first. 0 or -ENAMETOOLONG.
 */
int scope_unit_name(const char *name, uint32_t number, char unit[static UNIT_NAME_SIZE]);

/* Make the cgroup of such a unit, unless it exists. 0 with its path, or a negative errno. */
int scope_cgroup_make(const struct cgroup_hierarchy *cgroups, const char *unit,
		      char path[static SCOPE_PATH_SIZE]);

/* Whether such a unit, started by whomever, has a process. One that isn't started has no cgroup. */
bool scope_cgroup_has_process(const struct cgroup_hierarchy *cgroups, const char *unit);

/* Remove the cgroup of such a unit if it was made here and is empty. systemd does so itself. */
void scope_cgroup_remove(const char *unit);

/*
 * Remove all such cgroups that are empty: of machines that were unregistered
 * alive, or of a registry that is gone. A registrar that was killed may have
 * left one without a mark: it is marked first, and removed the next time, as
 * somebody else may be about to use it.
 */
void scope_cgroups_sweep(void);
