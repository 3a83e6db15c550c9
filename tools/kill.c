/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines kill */
#include "tools/machine_signal.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/signal_name.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
	int signal;
	bool leader_only;
	bool is_done; /* all that was asked for has been said */
};

static int help(void)
{
	puts("Usage: mymachines kill [OPTION...] NAME...\n"
	     "\n"
	     "Send a signal to the processes of machines.\n"
	     "\n"
	     "  -h, --help            Show this help\n"
	     "  -s, --signal=SIGNAL   Which: a name, a number, or \"list\" (SIGTERM)\n"
	     "      --kill-whom=WHOM  leader, or all processes of the machine (all)");
	return EXIT_SUCCESS;
}

static int set_signal(struct settings *settings, const char *text)
{
	char quoted[QUOTED_SIZE];

	if (strcmp(text, "list") == 0 || strcmp(text, "help") == 0) {
		signals_print();
		settings->is_done = true;
		return 0;
	}
	settings->signal = signal_parse(text);
	if (!settings->signal)
		complain("kill: there is no signal '%s'", quote(text, quoted));
	return settings->signal ? 0 : -1;
}

static int set_whom(struct settings *settings, const char *text)
{
	char quoted[QUOTED_SIZE];

	settings->leader_only = strcmp(text, "leader") == 0;
	if (settings->leader_only || strcmp(text, "all") == 0)
		return 0;
	complain("kill: --kill-whom=%s: neither leader nor all", quote(text, quoted));
	return -1;
}

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, struct settings *settings)
{
	enum { OPTION_KILL_WHOM = 256 };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "signal", required_argument, NULL, 's' },
		{ "kill-whom", required_argument, NULL, OPTION_KILL_WHOM },
		{ "kill-who", required_argument, NULL, OPTION_KILL_WHOM },
		{ 0 },
	};
	int option, r;

	optind = 0;
	while ((option = getopt_long(argc, argv, "hs:", options, NULL)) >= 0) {
		switch (option) {
		case 'h': return help() + 1;
		case 's': r = set_signal(settings, optarg); break;
		case OPTION_KILL_WHOM: r = set_whom(settings, optarg); break;
		default: return complain_usage("kill") + 1;
		}
		if (r < 0)
			return EXIT_FAILURE + 1;
		if (settings->is_done)
			return EXIT_SUCCESS + 1;
	}
	return 0;
}

static int kill_machine(struct snapshot *snapshot, const struct machine *m, const void *data)
{
	const struct settings *settings = data;
	int r = settings->leader_only ? machine_signal_leader(snapshot, m, settings->signal)
				      : machine_signal_all(snapshot, m, settings->signal);

	if (r == -EAGAIN)
		complain("%s: makes processes faster than they get the signal; "
			 "see 'mymachines terminate'",
			 m->name);
	else if (r < 0)
		complain_operation(m, "send the signal", r);
	return r < 0 ? -1 : 0;
}

int verb_kill(int argc, char **argv)
{
	struct settings settings = { .signal = SIGTERM };
	int status = parse(argc, argv, &settings);

	if (status)
		return status - 1;
	return act_on_machines("kill", argv + optind, argc - optind, kill_machine, &settings);
}
