/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of the verbs that run a command: NAME [OPTION...] -- COMMAND [ARGUMENT...]. */
#pragma once

#include "tools/run_loop.h"

struct run_options {
	const char *verb;
	int argc; /* of what comes before "--" */
	char **argv;
	char **command; /* what comes after it, or NULL */
	bool help;
	const char *name; /* or NULL */
	struct registration registration;
	struct run_settings settings;
};

/* What --help says of their options; the last line has no newline. */
extern const char run_options_help[];

/*
 * Read it, but for what it says of the machine. With `help`, there may be no
 * command. 0, or -1 after it has said what is wrong.
 */
int run_options_parse(struct run_options *options, struct arena *arena, const char *verb, int argc,
		      char **argv);

/* And now that, of a machine of this name. 0, or -1 after a message. */
int run_options_take_facts(struct run_options *options, const char *name);

/* All is said: is it complete? Then run it. Returns an exit status. */
int run_options_run(struct run_options *options, struct supervisor *supervisor);
