/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A scope for a machine whose processes no manager has put anywhere:
 * machine.slice/machine-NAME.scope, as systemd-machined names it, in the
 * cgroup hierarchy that libsystemd consults.
 */
#pragma once

#include "registry/cgroup.h"

/* The unit's name. 0, or -ENAMETOOLONG. */
int placement_name(const char *name, char unit[static UNIT_NAME_SIZE]);

/*
 * Move the leader and all the machine's processes there: through systemd
 * where it runs. 0 and the unit's name, or -1 after it has said, after
 * `subject`, what is wrong.
 */
int placement_enter(const char *subject, const char *name, uint32_t leader,
		    char unit[static UNIT_NAME_SIZE]);

/* Remove the cgroup of such a unit, if that is what it is, and empty. systemd does so itself. */
void placement_leave(const char *unit);
