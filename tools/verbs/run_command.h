/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part that mymachines run and run-qemu share: a command, run beside its registration. */
#pragma once

#include "tools/run/run_loop.h"
#include "tools/verbs/command_line.h"

/* The settings of both verbs. */
struct run_command {
	struct run_settings run;
	struct registration registration;
	const char *name_prefix; /* of run: NAME is a runtime's and may be changed */
};

/* The options of both verbs, for their tables. */
#define RUN_COMMAND_OPTIONS                                                                        \
	{ "scope", SETS(struct run_command, registration.scope, set_true),                         \
	  .help = "Put the machine into a scope of its own, if it is in no unit" },                \
		{ "replace", SETS(struct run_command, run.replace, set_true),                      \
		  .help = "Unregister a live machine that has the name" },                         \
	{                                                                                          \
		"no-monitor", SETS(struct run_command, run.no_monitor, set_true),                  \
			.help = "Don't start the monitor"                                          \
	}

/* Is there a command, and one name at most? 0, or -1 with a failure. */
int run_command_check(const struct command_line *line, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Set a free name in the registration, made from the one that the machine's runtime
 * has for it, which needn't be valid: with PREFIX- if needed, and with a number if that
 * is taken, too. The prefix alone, if nothing of the name can be used. 0, or -1 with a failure.
 */
int run_command_make_name(struct run_command *command, struct arena *arena, const char *prefix,
			  const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Set the name, unless it is NULL as one was made, and the facts of the command line in the
 * registration. 0, or -1 with a failure.
 */
int run_command_prepare(struct run_command *command, const struct command_line *line,
			const char *name, struct failure *failure)
	__attribute__((nonnull(1, 2, 4), warn_unused_result));

/* Run it to its end. Returns an exit status, or -1 with a failure. */
int run_command_run(struct run_command *command, const struct command_line *line,
		    struct supervisor *supervisor, struct failure *failure)
	__attribute__((nonnull));
