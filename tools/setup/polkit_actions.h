/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The actions that polkit is asked about, where no file of systemd's defines them. The services on the bus and
 * those of Varlink share them, so the file is removed with the last of these.
 */
#pragma once

#include "tools/setup/bus_files.h"
#include "tools/setup/setup_plan.h"

/* polkit knows no action that no file defines, and then says no. 0, or -1 with a failure. */
int setup_add_actions(struct setup_plan *plan, const struct bus_target *target, bool remove,
		      struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Whether the bus, or Varlink, is set up to answer. */
bool setup_bus_is_done(void);
bool setup_varlink_is_done(struct arena *arena) __attribute__((nonnull));
