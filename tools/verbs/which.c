/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines which */
#include "base/cleanup.h"
#include "base/number.h"
#include "base/quote.h"
#include "host/process_status.h"
#include "registry/lookup.h"
#include "registry/words.h"
#include "tools/messages/message.h"
#include "tools/processes/membership.h"
#include "tools/verbs/command_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int print_machine(struct membership *mb, const char *text, bool with_pid, struct failure *f)
{
	char quoted[QUOTED_SIZE];
	struct process_status status;
	struct machine machine;
	uint32_t pid;
	int r;

	if (id_parse(text, &pid) < 0 || pid == 0 || pid > INT32_MAX)
		return failure_set(f, FAILURE_INVALID, "'%s' is not a process id",
				   quote(text, quoted));
	r = process_status_read(pid, &status);
	if (r == -ENOENT || r == -ESRCH)
		return failure_set(f, FAILURE_NO_PROCESS, "there is no process %u", pid);
	if (r == 0)
		r = mb->snapshot->is_open ? membership_find(mb, pid, &machine) : -ENOENT;
	if (r == -ENOENT)
		return failure_set(f, FAILURE_NO_MACHINE, "process %u is in no machine", pid);
	if (r < 0)
		return failure_set(f, failure_kind_of(r), "process %u: %s", pid,
				   registry_writer_error_words(r));
	if (with_pid)
		printf("%u ", pid);
	puts(machine.name);
	return 0;
}

static int print_machines(const struct command_line *line, void *settings, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct cgroup_hierarchy cgroups;
	CLEANUP(membership_done)
	struct membership membership = {
		.snapshot = &snapshot,
		.arena = line->arena,
		.cgroups = cgroup_hierarchy_find(&cgroups) == 0 ? &cgroups : NULL,
	};
	int status = EXIT_SUCCESS;

	(void) settings;
	if (registry_open(&snapshot, f) < 0)
		return -1;
	for (int i = 0; i < line->n_names; i++) {
		struct failure failure;

		if (print_machine(&membership, line->names[i], line->n_names > 1, &failure) < 0)
			status = report(&failure);
	}
	return status;
}

const struct verb which_verb = {
	.name = "which",
	.synopsis = "PID...",
	.summary = "Print the machine that a process belongs to",
	.description =
		"Print the name of the machine that each process belongs to. If several pids are "
		"given, each line begins with the pid. Fails if a process belongs to the host.",
	.group = VERB_LOOK,
	.operands = { .min = 1,
		      .max = OPERANDS_MANY,
		      .too_few = "a process id is missing",
		      .values = { COMPLETE_PID } },
	.run = print_machines,
};
