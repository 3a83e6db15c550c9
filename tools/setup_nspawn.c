/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * systemd-nspawn@.service, run by mymachines run, which is told the leader by
 * sd_notify(3): systemd-nspawn(1) has no hook but the bus.
 */
#include "tools/program.h"
#include "tools/setup.h"

#include <string.h>

#define UNIT	"systemd-nspawn@.service"
#define DROP_IN "/etc/systemd/system/" UNIT ".d/mymachines.conf"
#define NSPAWN	"systemd-nspawn"
#define MARK	"# Written by 'mymachines setup'."

/* systemd.unit(5): where a unit is looked for, the first wins. */
static const char *const directories[] = {
	"/etc/systemd/system",	   "/run/systemd/system", "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system", "/lib/systemd/system",
};

/* What the unit has behind ExecStart=, continued lines and all; or NULL. */
static char *find_command(struct arena *arena, const char *unit)
{
	static const char key[] = "ExecStart=";
	const char *found = unit, *end;

	while ((found = strstr(found, key)) && found != unit && found[-1] != '\n')
		found++;
	if (!found)
		return NULL;
	found += strlen(key);
	for (end = strchrnul(found, '\n'); *end && end[-1] == '\\'; end = strchrnul(end + 1, '\n'))
		;
	return arena_printf(arena, "%.*s", (int) (end - found), found);
}

/* Behind the program's name, with or without a path; or NULL if it is another program. */
static const char *behind_program(const char *command)
{
	size_t length = strcspn(command, " \t\n");

	if (length < strlen(NSPAWN) ||
	    strncmp(command + length - strlen(NSPAWN), NSPAWN, strlen(NSPAWN)) != 0 ||
	    (length > strlen(NSPAWN) && command[length - strlen(NSPAWN) - 1] != '/'))
		return NULL;
	return command + length;
}

static char *read_unit(struct setup *setup)
{
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		struct change unit = {
			.path = arena_printf(setup->arena, "%s/" UNIT, directories[i]),
		};

		if (setup_read(setup, &unit) < 0)
			return NULL;
		if (unit.before)
			return find_command(setup->arena, unit.before);
	}
	return NULL;
}

/* systemd.syntax(7): a path as one word. */
static char *unit_quote(struct arena *arena, const char *path)
{
	char *quoted = arena_alloc(arena, strlen(path) * 2 + 3), *to = quoted;

	*to++ = '"';
	for (; *path; path++) {
		if (strchr("\"\\", *path))
			*to++ = '\\';
		if (*path == '%')
			*to++ = *path;
		*to++ = *path;
	}
	*to = '"';
	return quoted;
}

int setup_nspawn(struct setup *setup)
{
	struct arena *arena = setup->arena;
	const char *program = program_own_path(), *arguments;
	char *command;

	setup->next_step = "systemctl daemon-reload, and restart what runs";
	if (setup->remove)
		return setup_add_file(setup, DROP_IN, NULL, 0644, MARK);
	command = read_unit(setup);
	arguments = command ? behind_program(command) : NULL;
	if (!arguments || !program)
		return setup_fail(setup, "no " UNIT " that starts systemd-nspawn was found");
	return setup_add_file(
		setup, DROP_IN,
		arena_printf(arena,
			     MARK " Without the bus: the machine is "
				  "registered here.\n"
				  "[Service]\n"
				  "ExecStart=\n"
				  "ExecStart=%s run %%i -- systemd-nspawn --register=no%s\n",
			     unit_quote(arena, program), arguments),
		0644, MARK);
}
