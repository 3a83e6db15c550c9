/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands for a VM, over the control socket that it was registered with. */
#pragma once

#include "base/failure.h"
#include "registry/snapshot.h"

/*
 * Let its emulator execute a command of QMP's; `what` is the verb and object for the message. 0, or
 * -1 with a failure, also if the machine has no control socket.
 */
int machine_control(struct snapshot *snapshot, const struct machine *machine, const char *command,
		    const char *what, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
