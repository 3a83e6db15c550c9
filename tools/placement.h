/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A scope for a machine whose processes no manager has put anywhere:
 * machine.slice/machine-NAME.scope, as systemd-machined names it, in the
 * cgroup hierarchy that libsystemd consults.
 */
#pragma once

#include "registry/cgroup.h"

/*
 * Move the leader, and all processes of the machine that no manager has put
 * anywhere, there: through systemd where it runs. `former` is the unit that
 * the machine is known to be in, or NULL. Returns 1 with the unit's name; 0
 * if a manager has placed the leader, which is left as it is, or -1: both
 * after it has said, after `subject`, why.
 */
int placement_enter(const char *subject, const char *name, uint32_t leader, const char *former,
		    char unit[static UNIT_NAME_SIZE]);

/* Remove the cgroup of such a unit if it was made here, and is empty. systemd does so itself. */
void placement_leave(const char *unit);
