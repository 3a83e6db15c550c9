/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines kill */
#include "base/signal_name.h"
#include "tools/control/machine_signal.h"
#include "tools/verbs/named_machines.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kill_settings {
	int signal;
	bool is_list; /* --signal=list */
	enum signal_target whom;
};

static int set_signal(void *member, const char *value, struct failure *f)
{
	struct kill_settings *settings = member;

	settings->is_list = strcmp(value, "list") == 0 || strcmp(value, "help") == 0;
	if (settings->is_list)
		return 0;
	settings->signal = signal_parse(value);
	return settings->signal ? 0 : usage_failure(f, "there is no such signal");
}

static int set_whom(void *member, const char *value, struct failure *f)
{
	return signal_target_parse(value, member) < 0
		       ? usage_failure(f, "is neither leader, supervisor nor all")
		       : 0;
}

static int kill_machine(struct snapshot *snapshot, const struct machine *m, const void *data,
			struct failure *f)
{
	const struct kill_settings *settings = data;

	return machine_signal(snapshot, m, settings->whom, settings->signal, f);
}

static int kill_machines(const struct command_line *line, void *data, struct failure *f)
{
	const struct kill_settings *settings = data;

	if (settings->is_list) {
		signals_print(stdout);
		return EXIT_SUCCESS;
	}
	if (line->n_names == 0)
		return usage_failure(f, "kill: a name is missing");
	return act_on_named_machines(line, kill_machine, settings, f);
}

static const struct verb_option options[] = {
	{ "signal", 's', "SIGNAL", 0, set_signal,
	  .help = "A name, a number, or \"list\" (default: SIGTERM)", .values = COMPLETE_SIGNAL },
	{ "kill-whom", .argument = "WHOM", SETS(struct kill_settings, whom, set_whom),
	  .help = "leader, supervisor, or all processes of the machine (default: all)",
	  .values = "all leader supervisor" },
	{ "kill-who", .argument = "WHOM", SETS(struct kill_settings, whom, set_whom) },
	{ 0 },
};

const struct verb kill_verb = {
	.name = "kill",
	.synopsis = "[OPTION...] NAME...",
	.list_entry = "NAME...",
	.summary = "Send a signal to the processes of machines",
	.description = "Send a signal to the processes of machines.",
	.group = VERB_OPERATE,
	.is_machinectl = true,
	.operands = { .min = 0, .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.options = options,
	.settings_size = sizeof(struct kill_settings),
	.defaults = &(const struct kill_settings){ .signal = SIGTERM },
	.run = kill_machines,
};
