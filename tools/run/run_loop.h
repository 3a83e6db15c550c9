/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Supervises a command and its machine from the start to the end: finds the
 * leader, registers the machine, refreshes it while the launcher still sets it up,
 * and unregisters it.
 */
#pragma once

#include "base/notices.h"
#include "tools/registrar/registration.h"
#include "tools/run/supervisor.h"

struct run_settings {
	struct registration *registration; /* all but the leader */
	char **command;
	bool name_is_made; /* nobody typed it: that it is another machine's keeps nothing from starting */
	bool replace;
	bool no_monitor;
	bool daemonizes; /* the command exits when the machine, a VM, runs in the background */
};

/*
 * Run the command to its end. Returns its exit status; or -1 with a failure if the
 * command wasn't started: FAILURE_NO_PROGRAM or FAILURE_NOT_EXECUTABLE if it
 * can't be, or why the machine can't be registered. Everything else that goes
 * wrong is a notice, and the command goes on. A service is started in any case,
 * unless the name, which somebody has typed, is another machine's.
 */
int run_loop(const struct run_settings *settings, struct supervisor *supervisor,
	     struct notices *notices, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
