/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines pause, and resume: by the freezer of the machine's cgroup. */
#include "registry/cleanup.h"
#include "registry/process.h"
#include "tools/control.h"
#include "tools/machine_cgroup.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

static const char pause_help[] =
	"Usage: mymachines pause NAME...\n"
	"\n"
	"Have machines stand still, until they are resumed: all processes of their cgroup,\n"
	"or, of a VM that was registered with --control, its processors.\n"
	"\n"
	"  -h, --help   Show this help";

static const char resume_help[] = "Usage: mymachines resume NAME...\n"
				  "\n"
				  "Have machines go on that were paused.\n"
				  "\n"
				  "  -h, --help   Show this help";

static int set_frozen(struct snapshot *snapshot, const struct machine *m, bool frozen)
{
	CLEANUP_CLOSE int pidfd = leader_open(&m->leader, &snapshot->meta.origin);
	CLEANUP(arena_done) struct arena arena = { 0 };
	const char *what = frozen ? "pause it" : "resume it";
	struct machine_cgroup cgroup;
	int r = pidfd;

	if (r >= 0)
		r = machine_cgroup_find(&cgroup, snapshot, &arena, m);
	if (r == 0 && !leader_is_running(pidfd))
		r = -ESRCH;
	if (r == 0)
		r = machine_cgroup_freeze(&cgroup, frozen);
	if (r == -ENOENT)
		complain("%s: cannot %s: it has no cgroup to itself that can be frozen; "
			 "see register --scope",
			 m->name, what);
	else if (r < 0)
		complain_operation(m, what, r);
	if (r == 0 && !frozen && process_is_frozen(m->leader.pid)) {
		complain("%s: is still paused: somebody else has frozen a cgroup that it is in",
			 m->name);
		r = -EBUSY;
	}
	return r < 0 ? -1 : 0;
}

static int act(struct snapshot *snapshot, const struct machine *m, const void *data)
{
	const bool *frozen = data;

	if (m->control)
		return control_machine(snapshot, m, *frozen ? "stop" : "cont",
				       *frozen ? "pause it" : "resume it");
	return set_frozen(snapshot, m, *frozen);
}

static int run(int argc, char **argv, const char *verb, const char *help, bool frozen)
{
	int status = parse_help_only(argc, argv, verb, help);

	if (status)
		return status - 1;
	return act_on_machines(verb, argv + optind, argc - optind, act, &frozen);
}

int verb_pause(int argc, char **argv)
{
	return run(argc, argv, "pause", pause_help, true);
}

int verb_resume(int argc, char **argv)
{
	return run(argc, argv, "resume", resume_help, false);
}
