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
/* Stands for the command of our drop-in. */
static const char ours[] = "";

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

static bool runs_mymachines(const char *command)
{
	return command && strstr(command, "mymachines") && strstr(command, " run ");
}

/* Whether two commands are the same, or both are none or several, that no one line is. */
static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static const char *path_of(struct setup_plan *plan, const char *name)
{
	return arena_printf(plan->arena, DIRECTORY "%s", name);
}

/* Returns the command of these with our drop-in besides; `ours` if that counts. */
static const char *command_with(struct setup_plan *plan, const struct unit_commands *commands,
				const char *name)
{
	struct unit_command drop_in = { path_of(plan, name), name, true, ours, 1 };
	struct unit_commands all = unit_add_command(plan->arena, commands, &drop_in);

	return unit_effective_command(&all);
}

/* The file whose command counts. */
static const char *last_path(const struct unit_commands *commands)
{
	return commands->count ? commands->items[commands->count - 1].path : UNIT;
}

/*
 * Look at an instance that may have a command of its own, which ours must not replace. What the admin
 * has set so that ours doesn't count there is reported.
 */
static int check_instance(struct setup_plan *plan, const char *instance, const char *name,
			  const char *effective, struct failure *f)
{
	char quoted[QUOTED_SIZE];
	struct unit_commands own = unit_find_commands(plan->arena, PREFIX, instance, MARK);
	const char *command = unit_effective_command(&own), *with, *hiding;

	if (own.is_masked || runs_mymachines(command))
		return 0;
	hiding = unit_find_hiding(plan->arena, PREFIX, instance, path_of(plan, name));
	if (hiding) {
		setup_add_gap(plan,
			      "%s hides the drop-in %s, so " PREFIX
			      "@%s.service doesn't register its machine; to fix it, "
			      "give that file another name",
			      quote(hiding, quoted), path_of(plan, name), instance);
		return 0;
	}
	with = command_with(plan, &own, name);
	if (with == ours && is_same(command, effective))
		return 0;
	if (!with || with == ours)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   PREFIX
				   "@%s.service has a command of its own, from %s, which the "
				   "drop-in %s would replace; put it into a drop-in of that "
				   "instance whose name sorts behind %s, or write there "
				   "yourself: ExecStart=%s run %%i -- systemd-nspawn "
				   "--register=no ...",
				   instance, quote(last_path(&own), quoted), path_of(plan, name),
				   name, program_own_path());
	setup_add_gap(plan,
		      "%s sets a command of its own, so " PREFIX
		      "@%s.service doesn't register its machine; to fix it, "
		      "write there: ExecStart=%s run %%i -- systemd-nspawn --register=no ...",
		      quote(last_path(&own), quoted), instance, program_own_path());
	return 0;
}

static int check_instances(struct setup_plan *plan, const char *name, const char *effective,
			   struct failure *f)
{
	char **instances = unit_find_instances(plan->arena, PREFIX);

	for (; *instances; instances++)
		if (check_instance(plan, *instances, name, effective, f) < 0)
			return -1;
	return 0;
}

/* Choose the name by which our command is the one that counts. Returns NULL with a failure. */
static const char *choose_name(struct setup_plan *plan, const struct unit_commands *commands,
			       struct failure *f)
{
	char quoted[QUOTED_SIZE];
	const char *name = command_with(plan, commands, first_name) == ours ? first_name
									    : last_name;
	const char *hiding = unit_find_hiding(plan->arena, PREFIX, NULL, path_of(plan, name));

	if (hiding)
		failure_set(f, FAILURE_NOT_SUPPORTED,
			    "%s would hide the drop-in %s; give it another name",
			    quote(hiding, quoted), path_of(plan, name));
	else if (command_with(plan, commands, name) != ours)
		failure_set(f, FAILURE_NOT_SUPPORTED,
			    "%s would replace the command of the drop-in %s; give it a name that "
			    "sorts before that",
			    quote(last_path(commands), quoted), path_of(plan, name));
	else
		return name;
	return NULL;
}

/* No text: it is removed. */
static int add_drop_in(struct setup_plan *plan, const char *name, const char *text,
		       struct failure *f)
{
	static const char *const lines[] = { MARK "*", "\\[Service]", "ExecStart=",
					     "ExecStart=* run --name-prefix=nspawn *mymachines*",
					     NULL };

	if (setup_add_file(plan, path_of(plan, name), text, 0644, MARK, f) < 0)
		return -1;
	setup_own_directory(plan);
	return setup_check_lines(plan, lines, f);
}

/* Each of the two names has the drop-in, or is removed. */
static int add_drop_ins(struct setup_plan *plan, const char *name, const char *text,
			struct failure *f)
{
	return add_drop_in(plan, first_name, name == first_name ? text : NULL, f) < 0
		       ? -1
		       : add_drop_in(plan, last_name, name == last_name ? text : NULL, f);
}

int setup_nspawn(struct setup_plan *plan, struct failure *f)
{
	struct unit_commands commands = unit_find_commands(plan->arena, PREFIX, NULL, MARK);
	const char *effective = unit_effective_command(&commands), *name;
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
				   quote(last_path(&commands), quoted), last_name,
				   program_own_path());
	name = choose_name(plan, &commands, f);
	if (!name || check_instances(plan, name, effective, f) < 0)
		return -1;
	return add_drop_ins(plan, name, drop_in_text(plan, &command), f);
}
