/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/run_command.h"

#include "base/cleanup.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "tools/messages/message.h"
#include "tools/run/name_candidates.h"
#include "tools/verbs/fact_options.h"

#include <stdlib.h>

/* Numbers behind a name that is made, and the part of it that is left with one: RFC 1035, section 2.3.4. */
#define NUMBERS_MAX	1000
#define NUMBERED_LENGTH (63 - 4)

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

/* Whether the name can be the machine's, which it has then, and isn't another one's. */
static bool take_free_name(struct registration *reg, const char *name)
{
	struct failure ignored;

	return !is_taken(name) && registration_set_name(reg, name, &ignored) == 0;
}

int run_command_make_name(struct run_command *command, struct arena *arena, const char *prefix,
			  const char *name, struct failure *f)
{
	struct registration *reg = &command->registration;
	struct name_candidates names = { 0 };
	const char *last = prefix;

	reg->arena = arena;
	command->run.name_is_made = true;
	name_candidates_add(&names, name);
	name_candidates_make(&names, arena, prefix, name);
	for (size_t i = 0; i < names.count; i++) {
		last = names.items[i];
		if (take_free_name(reg, last))
			return 0;
	}
	if (names.count == 0 && take_free_name(reg, last))
		return 0;
	for (unsigned int number = 2; number < NUMBERS_MAX; number++)
		if (take_free_name(reg,
				   arena_printf(arena, "%.*s-%u", NUMBERED_LENGTH, last, number)))
			return 0;
	return registration_set_name(reg, last, f);
}

int run_command_prepare(struct run_command *command, const struct command_line *line,
			const char *name, struct failure *f)
{
	struct registration *reg = &command->registration;

	reg->arena = line->arena;
	if (name && registration_set_name(reg, name, f) < 0)
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
