/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines run */
#include "registry/cleanup.h"
#include "tools/facts.h"
#include "tools/message.h"
#include "tools/run_options.h"
#include "tools/verbs.h"

#include <stdio.h>
#include <string.h>

static int help(void)
{
	printf("Usage: mymachines run NAME [OPTION...] -- COMMAND [ARGUMENT...]\n"
	       "\n"
	       "Run a command that makes a container, such as unshare, bwrap, systemd-nspawn or\n"
	       "ip netns exec, and have its machine registered under NAME for as long as it runs:\n"
	       "from when a process of it has namespaces of its own. Signals are passed on, and\n"
	       "the exit status is the command's.\n"
	       "\n"
	       "%s%s\n",
	       run_options_help, fact_options_help);
	return EXIT_SUCCESS;
}

/* The command's name, if it can be a service's. */
static int set_default_service(struct registration *reg, char *const *command)
{
	const char *name = run_command_name(command);

	for (const char *p = name; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f)
			return 0;
	return strlen(name) > MACHINE_WORD_MAX ? 0 : registration_set_service(reg, name);
}

int verb_run(int argc, char **argv)
{
	CLEANUP(supervisor_done) struct supervisor supervisor = { .signals = -1 };
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct run_options options;

	if (run_options_parse(&options, &arena, "run", argc, argv) < 0)
		return complain_usage("run");
	if (options.help)
		return help();
	if (!options.name) {
		complain("run: a name is missing");
		return complain_usage("run");
	}
	if (supervisor_init(&supervisor) < 0 || run_options_take_facts(&options, options.name) < 0)
		return EXIT_FAILURE;
	if (!(options.registration.said & SAID_SERVICE) &&
	    set_default_service(&options.registration, options.command) < 0)
		return EXIT_FAILURE;
	return run_options_run(&options, &supervisor);
}
