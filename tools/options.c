/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/options.h"

#include "registry/cleanup.h"
#include "tools/message.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int open_registry(struct snapshot *snapshot)
{
	int r = snapshot_open(snapshot, REGISTRY_PATH);

	if (r == 0)
		return 1;
	if (r == -ENOENT || r == -ESTALE)
		return 0;
	complain_registry(REGISTRY_PATH, r);
	return -1;
}

int find_machine(struct snapshot *snapshot, const char *name, struct machine *machine)
{
	char folded[MACHINE_NAME_SIZE], quoted[QUOTED_SIZE];
	int r = -ENOENT;

	if (snapshot->env && machine_name_fold(name, folded) > 0)
		r = snapshot_find_name(snapshot, folded, machine);
	if (r == -ENOENT)
		complain("no machine '%s' is registered", quote(name, quoted));
	else if (r < 0)
		complain_registry(REGISTRY_PATH, r);
	return r < 0 ? -1 : 0;
}

int act_on_machines(const char *verb, char **names, int count, machine_action *act,
		    const void *settings)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	int status = EXIT_SUCCESS;

	if (count == 0) {
		complain("%s: a name is missing", verb);
		return complain_usage(verb);
	}
	if (open_registry(&snapshot) < 0)
		return EXIT_FAILURE;
	for (int i = 0; i < count; i++) {
		struct machine machine;

		if (find_machine(&snapshot, names[i], &machine) < 0 ||
		    act(&snapshot, &machine, settings) < 0)
			status = EXIT_FAILURE;
	}
	return status;
}

void complain_operation(const struct machine *machine, const char *what, int error)
{
	const char *why = strerror(-error);

	if (error == -ESRCH)
		why = "its leader has died";
	else if (error == -EXDEV)
		why = "it was registered in another pid or time namespace";
	else if (error == -ETIMEDOUT)
		why = "it hasn't happened in time";
	complain("%s: cannot %s: %s", machine->name, what, why);
}

int parse_help_only(int argc, char **argv, const char *verb, const char *help)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		if (option != 'h')
			return complain_usage(verb) + 1;
		puts(help);
		return EXIT_SUCCESS + 1;
	}
	return 0;
}
