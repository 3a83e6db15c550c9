/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be found out about a machine from its leader: namespaces, cgroup, root, addresses. */
#pragma once

#include "registry/cgroup.h"
#include "registry/process.h"
#include "tools/arena.h"

/*
 * Look at the leader. `found` gets who it is, its id maps, unit, root
 * directory, interfaces and addresses, in the arena; what the kernel doesn't
 * tell is left empty. Of a VM only who it is and its unit: its emulator's
 * namespaces are the host's business. 0, or -1 after it has said, after
 * `subject`, what is wrong; a fact that can't be read, with all else well, is
 * said too, and left out. Without `cgroups`, NULL, it has no unit.
 */
int discover(struct machine *found, struct arena *arena, const char *subject, int64_t pid,
	     enum machine_class class, const struct cgroup_hierarchy *cgroups);
