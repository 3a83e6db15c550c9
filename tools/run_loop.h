/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What mymachines run does from the start of its command to the end: finds the
 * leader, has the machine registered, looks at it again while it settles, and
 * unregisters it.
 */
#pragma once

#include "tools/registration.h"
#include "tools/supervisor.h"

struct run_settings {
	struct registration *registration; /* but for the leader */
	char **command;
	bool replace;
	bool no_monitor;
	bool daemonizes; /* it exits when the machine, a VM, runs in the background */
};

/* Go on to the command's end. Returns an exit status, the command's or our own. */
int run_loop(const struct run_settings *settings, struct supervisor *supervisor);

/* What the command is called, without its directory. */
const char *run_command_name(char *const *command);
