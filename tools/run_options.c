/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run_options.h"

#include "tools/facts.h"
#include "tools/message.h"

#include <string.h>

enum {
	OPTION_NO_MONITOR = 256,
	OPTION_REPLACE,
	OPTION_SCOPE,
};

const char run_options_help[] =
	"  -h, --help                 Show this help\n"
	"      --scope                Put it into a scope of its own, if it is in no unit\n"
	"      --replace              Throw out a live machine with the name\n"
	"      --no-monitor           Don't start the monitor, if none runs\n";

/* Once for the settings and, with the name known, again for the facts: messages begin with it. */
static int parse(struct run_options *o, struct registration *reg)
{
	static const struct option own[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "no-monitor", no_argument, NULL, OPTION_NO_MONITOR },
		{ "replace", no_argument, NULL, OPTION_REPLACE },
		{ "scope", no_argument, NULL, OPTION_SCOPE },
	};
	struct option options[sizeof own / sizeof *own + N_FACT_OPTIONS + 1];
	int option;

	memcpy(options, own, sizeof own);
	fact_options_fill(options + sizeof own / sizeof *own);
	optind = 0;
	while ((option = getopt_long(o->argc, o->argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 'h': o->help = true; break;
		case OPTION_NO_MONITOR: o->settings.no_monitor = true; break;
		case OPTION_REPLACE: o->settings.replace = true; break;
		case OPTION_SCOPE: o->registration.scope = true; break;
		case '?': return -1;
		default:
			if (reg && fact_option_set(reg, option, optarg) < 0)
				return -1;
		}
	}
	return 0;
}

/* At the first "--", whatever comes after it. */
static void split(struct run_options *o, int argc, char **argv)
{
	o->argv = argv;
	for (o->argc = 0; o->argc < argc; o->argc++)
		if (strcmp(argv[o->argc], "--") == 0)
			break;
	if (o->argc == argc)
		return;
	o->command = argv + o->argc + 1;
	/* getopt(3) wants a NULL behind its last. */
	argv[o->argc] = NULL;
}

int run_options_parse(struct run_options *o, struct arena *arena, const char *verb, int argc,
		      char **argv)
{
	*o = (struct run_options){ .verb = verb };
	o->registration = (struct registration){ .arena = arena, .subject = verb };
	split(o, argc, argv);
	if (parse(o, NULL) < 0)
		return -1;
	if (o->help)
		return 0;
	if (!o->command || !*o->command) {
		complain("%s: %s", verb,
			 o->command ? "a command is missing after '--'"
				    : "a command is missing; it comes after '--'");
		return -1;
	}
	if (o->argc - optind > 1) {
		complain("%s: takes one name only; the command comes after '--'", verb);
		return -1;
	}
	o->name = o->argv[optind];
	return 0;
}

int run_options_take_facts(struct run_options *o, const char *name)
{
	struct registration *reg = &o->registration;

	if (registration_set_name(reg, name) < 0)
		return -1;
	reg->subject = reg->machine.name;
	return parse(o, reg);
}

int run_options_run(struct run_options *o, struct supervisor *supervisor)
{
	struct registration *reg = &o->registration;

	/* One will be found. */
	reg->has_leader = true;
	if (registration_check(reg) < 0)
		return EXIT_FAILURE;
	o->settings.registration = reg;
	o->settings.command = o->command;
	return run_loop(&o->settings, supervisor);
}
