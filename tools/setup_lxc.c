/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hooks of LXC, and those that LXD hands to it: lxc.container.conf(5), "CONTAINER HOOKS". */
#include "tools/marked_block.h"
#include "tools/message.h"
#include "tools/program.h"
#include "tools/setup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What the configuration of every template includes. */
#define COMMON_DIRECTORY "/usr/share/lxc/config/common.conf.d"
#define COMMON_FILE	 COMMON_DIRECTORY "/mymachines.conf"

/*
 * How they are called, lxc.hook.version, is up to those who wrote hooks before: both will do.
 * LXC puts "exec" before the line, and arguments behind it, so that it has to be one command.
 */
static char *hook_lines(struct setup *setup)
{
	char *line = arena_printf(setup->arena, "/bin/sh -c %s mymachines",
				  setup_quote(setup, setup_hook_line(setup, "lxc", " -- \"$@\"")));

	return arena_printf(setup->arena, "lxc.hook.start-host = %s\nlxc.hook.post-stop = %s\n",
			    line, line);
}

static char *edit(struct setup *setup, const char *before)
{
	return setup->remove ? marked_block_remove(setup->arena, before)
			     : marked_block_put(setup->arena, before, hook_lines(setup));
}

int setup_lxc(struct setup *setup)
{
	const char *path = setup->config ? setup->config : COMMON_FILE;
	struct change change = { .path = path, .mode = 0644 };
	char quoted[QUOTED_SIZE];

	if (!setup->config && access(COMMON_DIRECTORY, F_OK) < 0 && !setup->remove)
		return setup_fail(setup,
				  COMMON_DIRECTORY
				  ": %s; name a container's configuration by --config=",
				  strerror(errno));
	if (setup_read(setup, &change) < 0)
		return -1;
	if (setup->config && !change.before)
		return setup_fail(setup, "%s: there is none", quote(path, quoted));
	change.after = edit(setup, change.before);
	/* That of a container stays where it was, even if nothing else was in it. */
	if (setup->config && !change.after)
		change.after = "";
	setup_add(setup, &change);
	return 0;
}

static int set_raw_lxc(struct arena *arena, const struct change *change)
{
	const char *const set[] = { "lxc",     "profile",     "set", change->subject,
				    "raw.lxc", change->after, NULL },
			  *const unset[] = { "lxc",	      "profile", "unset",
					     change->subject, "raw.lxc", NULL };
	int r = run_program(change->after ? set : unset, false);

	(void) arena;
	/* Otherwise it has said it. */
	if (r < 0 && r != -EPROTO)
		complain("setup: cannot run lxc: %s", strerror(-r));
	return r < 0 ? -1 : 0;
}

int setup_lxd(struct setup *setup)
{
	const char *profile = setup->profile ? setup->profile : "default";
	const char *const get[] = { "lxc", "profile", "get", profile, "raw.lxc", NULL };
	struct change change = { .subject = profile, .apply = set_raw_lxc };
	char *text;
	int r;

	if (*profile == '-')
		return setup_fail(setup, "a profile's name doesn't begin with '-'");
	change.path = arena_printf(setup->arena, "raw.lxc of profile %s", profile);
	r = program_output(setup->arena, get, setup->unattended, &text);
	if (r < 0)
		return setup_fail(setup, "cannot run lxc, the client of LXD: %s", strerror(-r));
	/* It has said why. */
	if (r > 0)
		return -1;
	/* It prints a newline behind the value, which may have one of its own. */
	if (*text && text[strlen(text) - 1] == '\n')
		text[strlen(text) - 1] = '\0';
	change.before = *text ? text : NULL;
	change.after = edit(setup, change.before);
	if (change.after && !*change.after)
		change.after = NULL;
	setup->next_step =
		"containers that run are registered when they are started again; those with "
		"a raw.lxc of their own need it there";
	setup_add(setup, &change);
	return 0;
}
