/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doing something to each machine that a command line names. */
#pragma once

#include "registry/snapshot.h"
#include "tools/verbs/command_line.h"

/*
 * Does something to a machine. 0, or -1 with a failure.
 */
typedef int machine_action(struct snapshot *snapshot, const struct machine *machine,
			   const void *data, struct failure *failure);

/* Find a machine by its name; under the name of machinectl(1), .host is the host. 0, or -1 with a failure. */
int find_shown_machine(struct snapshot *snapshot, const char *name, struct machine *machine,
		       struct failure *failure) __attribute__((nonnull));

/*
 * Do it to each machine of the command line, and report each failure. Behind a failure it ends
 * under the name of machinectl(1): goes_on_after_failure(). Returns an exit status, or -1 with a
 * failure if the registry can't be read.
 */
int act_on_named_machines(const struct command_line *line, machine_action *act, const void *data,
			  struct failure *failure) __attribute__((nonnull(1, 2, 4)));

/* The same, to show them: by find_shown_machine(). */
int show_named_machines(const struct command_line *line, machine_action *show, const void *data,
			struct failure *failure) __attribute__((nonnull(1, 2, 4)));
