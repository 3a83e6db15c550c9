/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Telling a VM what to do, by the socket that it was registered with. */
#pragma once

#include "registry/snapshot.h"

/*
 * Have its emulator execute this command of QMP's; `what` is said of a
 * failure. 0, or -1 after it has said what is wrong, also where the machine
 * has no such socket.
 */
int control_machine(struct snapshot *snapshot, const struct machine *machine, const char *command,
		    const char *what);
