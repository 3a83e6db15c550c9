/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service of systemd's that runs a machine and nothing else, as
 * systemd-nspawn@.service does: its processes are the machine's, and the launchers
 * above the machine's leader.
 */
#pragma once

#include "base/failure.h"
#include "registry/snapshot.h"

/*
 * If the machine's unit is a service and its own, machine_unit.h: have systemd stop it,
 * so that it ends as one that was stopped, and not as one that has failed. 1 if systemd stops it;
 * 0 if there is no such service; or -1 with a failure.
 */
int machine_service_stop(struct snapshot *snapshot, const struct machine *machine,
			 struct failure *failure) __attribute__((nonnull, warn_unused_result));
