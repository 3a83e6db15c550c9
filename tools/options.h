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

/* The options of a verb that has none but --help. 0 to go on, or the exit status plus 1. */
int parse_help_only(int argc, char **argv, const char *verb, const char *help);
