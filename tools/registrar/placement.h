/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A scope for a machine whose processes no manager has put anywhere:
 * machine.slice/machine-NAME.scope, named as systemd-machined does, in the
 * cgroup hierarchy that libsystemd reads.
 */
#pragma once

#include "base/notices.h"
#include "host/cgroup.h"

/*
 * Move the leader, and all processes of the machine that no manager has put
 * anywhere, to the scope `unit`: by systemd where that runs. `former` is the
 * unit that the machine is known to be in, or NULL. Returns 1; 0 with a notice if a manager has placed the leader, which is left there; or
 * -1 with a failure. Both begin with `subject`.
 */
int placement_enter(const char *subject, const char *name, uint32_t leader, const char *former,
		    const char *unit, struct notices *notices, struct failure *failure)
	__attribute__((warn_unused_result));
