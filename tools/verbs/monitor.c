/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines monitor: becomes the one monitor, in the foreground or background. */
#include "tools/monitor/monitor.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/option_values.h"
#include "tools/verbs/watch.h"

#include <stdlib.h>

static int start_monitor(const struct monitor_settings *settings, struct failure *f)
{
	pid_t other;

	switch (monitor_run(settings, &other, f)) {
	case MONITOR_LEFT: return EXIT_SUCCESS;
	case MONITOR_RUNS_ALREADY:
		/* In the background, any monitor that runs will do. */
		if (settings->background)
			return EXIT_SUCCESS;
		return failure_set(f, FAILURE_BUSY, "the monitor runs already, as pid %d", other);
	case MONITOR_FAILED: break;
	}
	return -1;
}

struct monitor_verb_settings {
	struct monitor_settings monitor;
	bool follows;
	struct follow_settings follow;
};

static int run_monitor(const struct command_line *line, void *data, struct failure *f)
{
	const struct monitor_verb_settings *settings = data;
	const struct monitor_settings *monitor = &settings->monitor;

	(void) line;
	if (!settings->follows && (settings->follow.initial || settings->follow.json))
		return usage_failure(f, "monitor: --initial and --json go with --follow");
	if (settings->follows && (monitor->background || monitor->exit_when_empty || monitor->wait))
		return usage_failure(f, "monitor: --follow only prints: not with --background, "
					"--exit-when-empty or --wait");
	return settings->follows ? follow_registry(&settings->follow, f)
				 : start_monitor(monitor, f);
}

static const struct verb_option options[] = {
	{ "background", SETS(struct monitor_verb_settings, monitor.background, set_true),
	  .help = "Run in the background, and log to syslog" },
	{ "exit-when-empty", SETS(struct monitor_verb_settings, monitor.exit_when_empty, set_true),
	  .help = "Exit when the last machine is gone" },
	{ "wait", SETS(struct monitor_verb_settings, monitor.wait, set_true),
	  .help = "If a monitor runs already, wait for its end" },
	{ "follow", SETS(struct monitor_verb_settings, follows, set_true),
	  .help = "Only print what happens, as 'mymachines watch' does" },
	{ "initial", SETS(struct monitor_verb_settings, follow.initial, set_true),
	  .help = "With --follow: first print the machines that are there" },
	{ "json", .argument = "MODE",
	  SETS(struct monitor_verb_settings, follow.json, set_json_mode),
	  .help = "With --follow: print an object for each event: short, pretty, or off",
	  .values = COMPLETE_JSON },
	{ 0 },
};

const struct verb monitor_verb = {
	.name = "monitor",
	.synopsis = "[OPTION...]\n--follow [--initial] [--json=MODE]",
	.list_entry = "",
	.summary = "Keep the registry up to date while machines change",
	.description = "Keep the registry true: unregister machines as soon as their leader dies, "
		       "and follow their addresses as these change.",
	.group = VERB_REGISTER,
	.options = options,
	.settings_size = sizeof(struct monitor_verb_settings),
	.run = run_monitor,
};
