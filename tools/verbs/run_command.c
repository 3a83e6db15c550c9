/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/run_command.h"

#include "base/cleanup.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "tools/messages/message.h"
#include "tools/run/name_candidates.h"
#include "tools/verbs/fact_options.h"

#include <stdlib.h>

int run_command_check(const struct command_line *line, struct failure *f)
{
	const char *verb = line->verb->name;

	if (!line->command)
		return usage_failure(f, "%s: a command is missing; it comes after '--'", verb);
	if (!*line->command)
		return usage_failure(f, "%s: a command is missing after '--'", verb);
	if (line->n_names > 1)
		return usage_failure(f, "%s: takes one name only; the command comes after '--'",
				     verb);
	return 0;
}

static bool is_taken(const char *name)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct machine machine;
	struct failure f;

	return registry_open(&snapshot, &f) == 0 &&
	       machine_find(&snapshot, name, &machine, &f) == 0 &&
	       machine_may_be_alive(&machine, &snapshot.meta.context);
}

const char *run_command_find_name(struct arena *arena, const char *prefix, const char *name)
{
	struct name_candidates names = { 0 };
	size_t i = 0;

	if (!name)
		return NULL;
	name_candidates_add(&names, name);
	name_candidates_make(&names, arena, prefix, name);
	while (i + 1 < names.count && is_taken(names.items[i]))
		i++;
	return names.count ? names.items[i] : NULL;
}

int run_command_prepare(struct run_command *command, const struct command_line *line,
			const char *name, struct failure *f)
{
	struct registration *reg = &command->registration;

	reg->arena = line->arena;
	if (registration_set_name(reg, name, f) < 0)
		return failure_prefix(f, "%s", line->verb->name);
	reg->subject = reg->machine.name;
	return fact_options_apply(line, reg, f) < 0 ? failure_prefix(f, "%s", reg->subject) : 0;
}

/* Hints are for whoever has typed `register`. */
static void report_warning(void *data, enum notice_kind kind, const char *text)
{
	(void) data;
	if (kind == NOTICE_WARNING)
		complain("%s", text);
}

int run_command_run(struct run_command *command, const struct command_line *line,
		    struct supervisor *supervisor, struct failure *f)
{
	struct registration *reg = &command->registration;
	struct notices notices = { .sink = report_warning };
	int status;

	/* The leader will be found. */
	reg->has_leader = true;
	if (registration_check(reg, f) < 0)
		return failure_prefix(f, "%s", reg->subject);
	command->run.registration = reg;
	command->run.command = line->command;
	status = run_loop(&command->run, supervisor, &notices, f);
	if (status >= 0 || (f->kind != FAILURE_NO_PROGRAM && f->kind != FAILURE_NOT_EXECUTABLE))
		return status;
	report(f);
	return f->kind == FAILURE_NO_PROGRAM ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}
