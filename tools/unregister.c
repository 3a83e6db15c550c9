/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines unregister */
#include "registry/cleanup.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/publish.h"
#include "tools/verbs.h"

#include <getopt.h>
#include <stdlib.h>

static const char help[] =
	"Usage: mymachines unregister NAME...\n"
	"\n"
	"Forget machines, each by its name or an alias. What runs in them goes on.\n"
	"\n"
	"  -h, --help   Show this help";

static int unregister(struct writer *w, const char *name)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine machine;
	int r;

	if (find_machine(&w->copy, name, &machine) < 0)
		return -1;
	machine_name_fold(machine.name, folded);
	r = writer_remove(w, folded);
	if (r < 0)
		complain_registry(w->path, r);
	return r < 0 ? -1 : 0;
}

int verb_unregister(int argc, char **argv)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };
	int status = parse_help_only(argc, argv, "unregister", help);

	if (status)
		return status - 1;
	if (optind == argc) {
		complain("unregister: a name is missing");
		return complain_usage("unregister");
	}
	if (open_registry_writer(&writer) < 0)
		return EXIT_FAILURE;
	/* Those that are there go, also where another isn't. */
	for (int i = optind; i < argc; i++)
		if (unregister(&writer, argv[i]) < 0)
			status = EXIT_FAILURE;
	return publish(&writer) < 0 ? EXIT_FAILURE : status;
}
