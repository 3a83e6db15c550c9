/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines which */
#include "registry/cleanup.h"
#include "registry/process_stat.h"
#include "tools/membership.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
	"Usage: mymachines which PID...\n"
	"\n"
	"Print the name of the machine that each process belongs to. Fails where one\n"
	"belongs to the host.\n"
	"\n"
	"  -h, --help   Show this help";

static int which(struct membership *mb, const char *text)
{
	char quoted[QUOTED_SIZE];
	struct process_stat stat;
	struct machine machine;
	uint32_t pid;
	int r;

	if (id_parse(text, &pid) < 0 || pid == 0 || pid > INT32_MAX) {
		complain("'%s' is no process id", quote(text, quoted));
		return -1;
	}
	r = process_stat_read(pid, &stat);
	if (r == 0)
		r = mb->snapshot->env ? membership_find(mb, pid, &machine) : -ENOENT;
	else if (r == -ENOENT || r == -ESRCH)
		r = -ESRCH;
	if (r == 0)
		puts(machine.name);
	else if (r == -ENOENT)
		complain("process %u is in no machine", pid);
	else if (r == -ESRCH)
		complain("there is no process %u", pid);
	else
		complain("process %u: %s", pid, error_words(r));
	return r < 0 ? -1 : 0;
}

int verb_which(int argc, char **argv)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct cgroup_hierarchy cgroups;
	struct membership membership = {
		.snapshot = &snapshot,
		.arena = &arena,
		.cgroups = cgroup_hierarchy_find(&cgroups) == 0 ? &cgroups : NULL,
	};
	int status = parse_help_only(argc, argv, "which", help);

	if (status)
		return status - 1;
	if (optind == argc) {
		complain("which: a process id is missing");
		return complain_usage("which");
	}
	if (open_registry(&snapshot) < 0)
		return EXIT_FAILURE;
	for (int i = optind; i < argc; i++)
		if (which(&membership, argv[i]) < 0)
			status = EXIT_FAILURE;
	return status;
}
