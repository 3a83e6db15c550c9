/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd-nspawn@.service, with its command run by 'mymachines run', which
 * learns the leader by sd_notify(3): systemd-nspawn(1) has no hooks. The
 * command is the one that systemd would run, drop-ins included.
 */
#include "base/program.h"
#include "base/quote.h"
#include "tools/setup/setup_plan.h"
#include "tools/setup/unit_file.h"

#include <string.h>

#define PREFIX	  "systemd-nspawn"
#define UNIT	  PREFIX "@.service"
#define DIRECTORY "/etc/systemd/system/" UNIT ".d/"
#define NSPAWN	  "systemd-nspawn"
#define MARK	  "# Written by 'mymachines setup'."

/*
 * systemd reads drop-ins in the order of their names. The second name is for
 * when the command comes from a drop-in that sorts behind the first.
 */
static const char first_name[] = "mymachines.conf", last_name[] = "zz-mymachines.conf";

/* systemd.service(5): prefixes that may stand in front of /bin/sh as well. */
#define PREFIX_BYTES "-+!"

struct nspawn_command {
	const char *prefixes; /* "-", mostly none */
	const char *program;
	const char *arguments; /* with blanks in front */
};

/* Take the command apart. False if it doesn't start systemd-nspawn, or in a way not understood. */
static bool parse_command(struct arena *arena, const char *text, struct nspawn_command *command)
{
	size_t prefixes = strspn(text, PREFIX_BYTES), length;
	const char *program = text + prefixes;

	length = strcspn(program, " \t");
	if (length < strlen(NSPAWN) || strcspn(program, "\"'\\%$") < length ||
	    strncmp(program + length - strlen(NSPAWN), NSPAWN, strlen(NSPAWN)) != 0 ||
	    (length > strlen(NSPAWN) &&
	     (program[length - strlen(NSPAWN) - 1] != '/' || *program != '/')))
		return false;
	command->prefixes = arena_printf(arena, "%.*s", (int) prefixes, text);
	command->program = arena_printf(arena, "%.*s", (int) length, program);
	command->arguments = program + length;
	return true;
}

/* Quote a path for systemd.syntax(7). */
static char *quote_for_unit(struct arena *arena, const char *path)
{
	char *quoted = arena_alloc(arena, strlen(path) * 2 + 3), *to = quoted;

	*to++ = '"';
	for (; *path; path++) {
		if (strchr("\"\\", *path))
			*to++ = '\\';
		if (strchr("%$", *path))
			*to++ = *path;
		*to++ = *path;
	}
	*to = '"';
	return quoted;
}

/*
 * Returns the text of the drop-in. Without the program, nspawn is started as
 * it was before. Nor does one count that prints nothing: a part of the file, or
 * one whose libraries have gone.
 */
static char *drop_in_text(struct setup_plan *plan, const struct nspawn_command *c)
{
	static const char fallback[] = "[ \"$$(\"$$0\" --version 2>/dev/null)\" ] || "
				       "exec \"$$nspawn\" \"$$@\"; ";

	return arena_printf(
		plan->arena,
		MARK
		" The machine is registered here, without the bus.\n"
		"[Service]\n"
		"ExecStart=\n"
		"ExecStart=%s/bin/sh -c 'name=$$1 nspawn=$$2; shift 2; %s"
		"exec \"$$0\" run --name-prefix=nspawn \"$$name\" -- \"$$nspawn\" --register=no "
		"\"$$@\"' %s %%i %s%s\n",
		c->prefixes, plan->options->strict ? "" : fallback,
		quote_for_unit(plan->arena, program_own_path()), c->program, c->arguments);
}

/* Whether the command comes from a drop-in that is read after one with this name. */
static bool is_overridden(const struct unit_commands *commands, const char *name)
{
	for (size_t i = 0; i < commands->count; i++)
		if (commands->items[i].file_name && strcmp(commands->items[i].file_name, name) > 0)
			return true;
	return false;
}

static bool runs_mymachines(const char *command)
{
	return command && strstr(command, "mymachines") && strstr(command, " run ");
}

/* Look at the instances that have a command of their own, which ours must not replace. */
static int check_instances(struct setup_plan *plan, const char *name, struct failure *f)
{
	char quoted[QUOTED_SIZE], **instances = unit_find_instances(plan->arena, PREFIX);

	for (; *instances; instances++) {
		struct unit_commands own =
			unit_find_commands(plan->arena, PREFIX, *instances, MARK);
		const struct unit_command *last = own.count ? &own.items[own.count - 1] : NULL;

		if (!last || runs_mymachines(last->command))
			continue;
		if (!last->file_name || strcmp(last->file_name, name) < 0)
			return failure_set(f, FAILURE_NOT_SUPPORTED,
					   "%s sets a command that the drop-in %s%s would replace; "
					   "put it into a drop-in of that instance whose name "
					   "sorts behind %s, or write there yourself: ExecStart="
					   "%s run %%i -- systemd-nspawn --register=no ...",
					   quote(last->path, quoted), DIRECTORY, name, name,
					   program_own_path());
		plan->gap = arena_printf(plan->arena,
					 "%s sets a command of its own, so " PREFIX
					 "@%s.service doesn't register its machine; to fix it, "
					 "write there: ExecStart=%s run %%i -- systemd-nspawn "
					 "--register=no ...",
					 quote(last->path, quoted), *instances, program_own_path());
	}
	return 0;
}

/* Each of the two names has the drop-in, or is removed. */
static int add_drop_ins(struct setup_plan *plan, const char *name, const char *text,
			struct failure *f)
{
	return setup_add_file(plan, arena_printf(plan->arena, DIRECTORY "%s", first_name),
			      name == first_name ? text : NULL, 0644, MARK, f) < 0
		       ? -1
		       : setup_add_file(plan, arena_printf(plan->arena, DIRECTORY "%s", last_name),
					name == last_name ? text : NULL, 0644, MARK, f);
}

int setup_nspawn(struct setup_plan *plan, struct failure *f)
{
	struct unit_commands commands = unit_find_commands(plan->arena, PREFIX, NULL, MARK);
	const char *effective = unit_effective_command(&commands), *name = first_name;
	struct nspawn_command command;
	char quoted[QUOTED_SIZE];

	plan->next_step = "systemctl daemon-reload, and restart running containers";
	if (plan->options->remove)
		return add_drop_ins(plan, NULL, NULL, f);
	if (runs_mymachines(effective))
		return add_drop_ins(plan, NULL, NULL, f);
	if (!effective || !strstr(effective, NSPAWN))
		return failure_set(f, FAILURE_NO_SUCH_FILE,
				   "no " UNIT " that starts systemd-nspawn was found");
	if (!parse_command(plan->arena, effective, &command))
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s: setup doesn't understand the command of " UNIT
				   "; write into " DIRECTORY
				   "%s yourself: ExecStart=%s run %%i -- systemd-nspawn "
				   "--register=no ...",
				   quote(commands.items[commands.count - 1].path, quoted),
				   last_name, program_own_path());
	if (is_overridden(&commands, first_name))
		name = last_name;
	if (check_instances(plan, name, f) < 0)
		return -1;
	return add_drop_ins(plan, name, drop_in_text(plan, &command), f);
}
