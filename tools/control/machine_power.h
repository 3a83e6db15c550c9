/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking a machine to shut down or to reboot. */
#pragma once

#include "base/failure.h"
#include "registry/snapshot.h"
#include "tools/control/init_kind.h"

/*
 * Ask it, and don't wait until it has: a VM by its control socket, a container by the
 * signal that its init understands. 0, or -1 with a failure.
 */
int machine_power(struct snapshot *snapshot, const struct machine *machine,
		  enum power_action action, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* The same as machinectl(1) does it: an unknown init gets the signals for systemd, too. */
int machine_power_as_machinectl(struct snapshot *snapshot, const struct machine *machine,
				enum power_action action, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
