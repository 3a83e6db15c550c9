/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines register: one machine by options, or many as JSON lines. */
#include "base/cleanup.h"
#include "base/program.h"
#include "tools/messages/message.h"
#include "tools/monitor/monitor_start.h"
#include "tools/registrar/registration_json.h"
#include "tools/verbs/fact_options.h"
#include "tools/verbs/option_values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A record is at most 64 KiB; written as JSON, it stays well below this. */
#define LINE_MAX_BYTES (1024 * 1024)

struct register_settings {
	bool batch;
	bool no_monitor;
	bool replace;
	bool force;
	bool scope;
};

static int publish_all(const struct registration *registrations, size_t count,
		       const struct register_settings *settings, struct failure *f)
{
	const struct registrar_options options = { .replace = settings->replace,
						   .force = settings->force };
	struct notices notices = { 0 };
	int r = monitor_register(registrations, count, &options,
				 settings->no_monitor ? NULL : program_own_path(), &notices, f);

	report_notices(&notices, true);
	return r < 0 ? -1 : EXIT_SUCCESS;
}

static int register_one(const struct command_line *line, const struct register_settings *settings,
			struct failure *f)
{
	struct registration reg = { .arena = line->arena, .scope = settings->scope };

	if (registration_set_name(&reg, line->names[0], f) < 0)
		return failure_prefix(f, "register");
	reg.subject = reg.machine.name;
	if (fact_options_apply(line, &reg, f) < 0 || registration_check(&reg, f) < 0)
		return failure_prefix(f, "%s", reg.subject);
	return publish_all(&reg, 1, settings, f);
}

/* Read a line. 1 for a registration, 0 for an empty line, or -1. */
static int read_registration(const char *line, size_t length, size_t number,
			     struct registration *reg, struct arena *arena, struct failure *f)
{
	*reg = (struct registration){ .arena = arena,
				      .subject = arena_printf(arena, "line %zu", number) };
	if (length > LINE_MAX_BYTES)
		return failure_set(f, FAILURE_INVALID, "%s: is longer than 1 MiB", reg->subject);
	if (line[strspn(line, " \t\r\n")] == '\0' && strlen(line) == length)
		return 0;
	if (json_to_registration(line, length, reg, f) < 0)
		return failure_prefix(f, "%s", reg->subject);
	if (reg->machine.name)
		reg->subject = arena_printf(arena, "line %zu: %s", number, reg->machine.name);
	return registration_check(reg, f) < 0 ? failure_prefix(f, "%s", reg->subject) : 1;
}

/* Read a line without its newline, cut behind the limit. Returns its length, or -1 at the end. */
static ssize_t read_line(char line[static LINE_MAX_BYTES + 2])
{
	size_t length = 0;
	int byte;

	while ((byte = getchar_unlocked()) != EOF && byte != '\n')
		if (length <= LINE_MAX_BYTES)
			line[length++] = (char) byte;
	line[length] = '\0';
	return byte == EOF && length == 0 ? -1 : (ssize_t) length;
}

/* Read all registrations of standard input. Returns how many, or -1 with a failure. */
static ssize_t read_batch(struct registration **registrations, struct arena *arena,
			  struct failure *f)
{
	CLEANUP_FREE char *line = malloc(LINE_MAX_BYTES + 2);
	size_t count = 0;
	ssize_t length;

	if (!line)
		arena_out_of_memory();
	for (size_t number = 1; (length = read_line(line)) >= 0; number++) {
		struct registration reg;
		int r = read_registration(line, (size_t) length, number, &reg, arena, f);

		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		*registrations = arena_grow(arena, *registrations, count, sizeof reg);
		(*registrations)[count++] = reg;
	}
	return ferror(stdin) ? failure_errno(f, -errno, "cannot read standard input")
			     : (ssize_t) count;
}

/* A batch has its names and facts in its lines. */
static int check_batch_options(const struct command_line *line, struct failure *f)
{
	for (size_t i = 0; i < line->n_given; i++)
		if (line->given[i].option->set_fact)
			return usage_failure(f, "register: --%s doesn't go with --batch",
					     line->given[i].option->name);
	return line->n_names ? usage_failure(f, "register: --batch takes no names") : 0;
}

static int register_batch(const struct command_line *line, const struct register_settings *settings,
			  struct failure *f)
{
	struct registration *registrations = NULL;
	ssize_t count;

	if (check_batch_options(line, f) < 0)
		return -1;
	count = read_batch(&registrations, line->arena, f);
	if (count < 0)
		return -1;
	for (ssize_t i = 0; i < count; i++)
		registrations[i].scope = settings->scope;
	return publish_all(registrations, (size_t) count, settings, f);
}

static int register_named(const struct command_line *line, void *data, struct failure *f)
{
	const struct register_settings *settings = data;

	if (settings->batch)
		return register_batch(line, settings, f);
	if (line->n_names != 1)
		return usage_failure(f, "register: %s",
				     line->n_names ? "takes one name only" : "a name is missing");
	return register_one(line, settings, f);
}

static const struct verb_option options[] = {
	{ "leader", .argument = "PID", .set_fact = registration_set_leader,
	  .help = "Its first process, as the host sees it", .values = COMPLETE_PID },
	{ "scope", SETS(struct register_settings, scope, set_true),
	  .help = "Put it into a scope of its own, if it is in no unit" },
	{ "force", SETS(struct register_settings, force, set_true),
	  .help = "Register a process that has no namespace of its own, too" },
	{ "replace", SETS(struct register_settings, replace, set_true),
	  .help = "Unregister a live machine of that name or leader" },
	{ "no-monitor", SETS(struct register_settings, no_monitor, set_true),
	  .help = "Don't start the monitor" },
	{ "batch", SETS(struct register_settings, batch, set_true),
	  .help = "Read JSON objects, one a line" },
	{ 0 },
};

const struct verb register_verb = {
	.name = "register",
	.synopsis = "NAME --leader=PID [OPTION...]\n--batch [--replace] [--force] [--scope] < FILE",
	.list_entry = "NAME",
	.summary = "Register a machine, or update its record",
	.description = "Register a running machine under NAME. Anything not given is read from the "
		       "leader: namespaces, id maps, addresses, unit, root directory. If the same "
		       "leader is registered again, its record is updated: facts that were given "
		       "before stay, unless they are given again.",
	.group = VERB_REGISTER,
	.takes_facts = true,
	.operands = { .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.options = options,
	.settings_size = sizeof(struct register_settings),
	.run = register_named,
};
