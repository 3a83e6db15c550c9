/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines login */
#include "tools/machine_session.h"
#include "tools/machinectl.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/sealed_copy.h"
#include "tools/verbs.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: mymachines login NAME\n"
	"\n"
	"Open a login prompt on a terminal of a container. ^] three times within a\n"
	"second leaves it.\n"
	"\n"
	"  -h, --help   Show this help";

/* What asks for a name and password, on a terminal that it has already. */
static const struct machine_program programs[] = {
	{ "/bin/login", (char *[]){ (char *) "login", NULL } },
	{ "/usr/bin/login", (char *[]){ (char *) "login", NULL } },
	{ "/sbin/agetty",
	  (char *[]){ (char *) "agetty", (char *) "--noclear", (char *) "-", NULL } },
	{ "/usr/sbin/agetty",
	  (char *[]){ (char *) "agetty", (char *) "--noclear", (char *) "-", NULL } },
};

int verb_login(int argc, char **argv)
{
	struct machine_session session = {
		.verb = "login",
		.user = "0",
		.programs = programs,
		.n_programs = sizeof programs / sizeof *programs,
		.missing = "has neither /bin/login nor /sbin/agetty; mymachines shell needs none",
		.needs_terminal = true,
		.hides_status = is_machinectl(),
	};
	int status = parse_help_only(argc, argv, "login", help);

	if (status)
		return status - 1;
	if (argc - optind != 1) {
		complain("login: takes the name of one machine");
		return complain_usage("login");
	}
	session.machine = argv[optind];
	if (!*session.machine || strcmp(session.machine, ".host") == 0) {
		complain("login: the host itself is no machine; use login(1)");
		return EXIT_FAILURE;
	}
	if (sealed_copy_enter("login", argc, argv) < 0)
		return EXIT_FAILURE;
	return machine_session_run(&session);
}
