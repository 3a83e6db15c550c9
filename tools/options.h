/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command lines of verbs that take names and a few options. */
#pragma once

#include "registry/snapshot.h"

/*
 * Open the registry for reading. 1; 0 where there is none, so that no machine
 * is registered; or -1 after it has said what is wrong.
 */
int open_registry(struct snapshot *snapshot);

/* Find a machine by a name or alias. 0, or -1 after it has said that there is none. */
int find_machine(struct snapshot *snapshot, const char *name, struct machine *machine);

/* Does something to a machine. 0, or -1 after it has said what is wrong. */
typedef int machine_action(struct snapshot *snapshot, const struct machine *machine,
			   const void *settings);

/*
 * Do it to each machine of these names, also where it fails with another one.
 * Returns an exit status; that there are no names has been said.
 */
int act_on_machines(const char *verb, char **names, int count, machine_action *act,
		    const void *settings);

/* Say why something can't be done to a machine, and what that was. */
void complain_operation(const struct machine *machine, const char *what, int error);

/* The options of a verb that has none but --help. 0 to go on, or the exit status plus 1. */
int parse_help_only(int argc, char **argv, const char *verb, const char *help);
