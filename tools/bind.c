/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines bind */
#include "registry/cleanup.h"
#include "tools/arena.h"
#include "tools/bind_mount.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/verbs.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static int help(void)
{
	puts("Usage: mymachines bind [OPTION...] NAME PATH [PATH]\n"
	     "\n"
	     "Mount a file or directory of the host's in a container. Without a second path,\n"
	     "it is at the same one there.\n"
	     "\n"
	     "  -h, --help       Show this help\n"
	     "      --mkdir      Make what it is mounted on, if that isn't there\n"
	     "      --read-only  Nobody can write to it there\n"
	     "\n"
	     "In a user namespace, users have the ids there that they have here, where the\n"
	     "file system can do that: the machine's root is root of these files.");
	return EXIT_SUCCESS;
}

struct settings {
	bool make_target;
	bool is_read_only;
};

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, struct settings *settings)
{
	enum { OPTION_MKDIR = 256, OPTION_READ_ONLY };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "mkdir", no_argument, NULL, OPTION_MKDIR },
		{ "read-only", no_argument, NULL, OPTION_READ_ONLY },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 'h': return help() + 1;
		case OPTION_MKDIR: settings->make_target = true; break;
		case OPTION_READ_ONLY: settings->is_read_only = true; break;
		default: return complain_usage("bind") + 1;
		}
	}
	if (argc - optind != 2 && argc - optind != 3) {
		complain("bind: takes the name of a machine and one path or two");
		return complain_usage("bind") + 1;
	}
	return 0;
}

static int find(const char *name, struct arena *arena, struct entrance *entrance)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct machine machine;

	if (open_registry(&snapshot) < 0 || find_machine(&snapshot, name, &machine) < 0)
		return -1;
	if (machine.class == MACHINE_VM) {
		complain("%s: is a virtual machine, which has mounts of its own only",
			 machine.name);
		return -1;
	}
	if (entrance_open(entrance, &machine, &snapshot.meta.origin) < 0)
		return -1;
	entrance->subject = arena_strdup(arena, machine.name);
	return 0;
}

int verb_bind(int argc, char **argv)
{
	CLEANUP(entrance_close) struct entrance entrance = ENTRANCE_INIT;
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct settings settings = { 0 };
	int status = parse(argc, argv, &settings);
	char quoted[QUOTED_SIZE];
	struct bind_mount bind;

	if (status)
		return status - 1;
	argv += optind;
	bind = (struct bind_mount){
		.here = argv[1],
		.there = argv[2] ?: argv[1],
		.make_target = settings.make_target,
		.is_read_only = settings.is_read_only,
	};
	if (*bind.there != '/') {
		complain("bind: the path in the machine must be absolute, '%s' isn't",
			 quote(bind.there, quoted));
		return EXIT_FAILURE;
	}
	if (find(argv[0], &arena, &entrance) < 0)
		return EXIT_FAILURE;
	return bind_mount_make(&bind, &entrance) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
