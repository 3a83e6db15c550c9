/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pausing a machine and resuming it. */
#pragma once

#include "base/failure.h"
#include "registry/snapshot.h"

#include <stdbool.h>

/*
 * Pause or resume it: by its control socket if it has one, otherwise by the freezer of its
 * cgroup. Waits until it is so. 0, or -1 with a failure.
 */
int machine_pause(struct snapshot *snapshot, const struct machine *machine, bool paused,
		  struct failure *failure) __attribute__((nonnull, warn_unused_result));
