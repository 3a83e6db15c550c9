/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines login */
#include "base/array_size.h"
#include "tools/enter/sealed_copy.h"
#include "tools/enter/terminal_session.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/host_session.h"
#include "tools/verbs/verb_session.h"

#include <stdio.h>
#include <string.h>

/* They ask for a name and password, on the terminal that they are started on. */
static const struct machine_program programs[] = {
	{ "/bin/login", (char *[]){ (char *) "login", NULL } },
	{ "/usr/bin/login", (char *[]){ (char *) "login", NULL } },
	{ "/sbin/agetty",
	  (char *[]){ (char *) "agetty", (char *) "--noclear", (char *) "-", NULL } },
	{ "/usr/sbin/agetty",
	  (char *[]){ (char *) "agetty", (char *) "--noclear", (char *) "-", NULL } },
};

static int open_login(const struct command_line *line, void *settings, struct failure *f)
{
	const struct machine_session session = {
		.user = "0",
		.programs = programs,
		.n_programs = ARRAY_SIZE(programs),
		.missing = "has neither /bin/login nor /sbin/agetty; mymachines shell needs none",
		.messages = stderr,
	};
	const char *machine = line->n_names ? line->names[0] : "";

	(void) settings;
	if (is_this_host(machine))
		return host_login(f);
	if (line->n_names == 0)
		return usage_failure(f, "login: takes the name of one machine");
	if (!*machine || strcmp(machine, ".host") == 0)
		return failure_set(f, FAILURE_INVALID,
				   "login: the host itself is not a machine; use login(1)");
	if (!terminal_session_is_possible())
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "login: standard input and output are not a terminal");
	if (sealed_copy_enter("login", line->argv, f) < 0)
		return -1;
	return verb_session_run(machine, &session);
}

const struct verb login_verb = {
	.name = "login",
	.synopsis = "NAME",
	.summary = "Open a login prompt of a container",
	.description = "Open a login prompt on a terminal of a container. Press ^] three times "
		       "within a second to leave it.",
	.group = VERB_ENTER,
	.is_machinectl = true,
	.operands = { .max = 1,
		      .too_many = "takes the name of one machine",
		      .values = { COMPLETE_MACHINE } },
	.run = open_login,
};
