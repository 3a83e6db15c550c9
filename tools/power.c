/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines poweroff, and reboot. */
#include "registry/process.h"
#include "tools/control.h"
#include "tools/init_kind.h"
#include "tools/machine_signal.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

static const char poweroff_help[] =
	"Usage: mymachines poweroff NAME...\n"
	"\n"
	"Ask machines to shut down, and don't wait until they have. Their first process\n"
	"gets the signal that it understands so.\n"
	"\n"
	"  -h, --help   Show this help";

static const char reboot_help[] = "Usage: mymachines reboot NAME...\n"
				  "\n"
				  "Ask machines to start anew, and don't wait until they have.\n"
				  "\n"
				  "  -h, --help   Show this help";

static int ask_leader(struct snapshot *snapshot, const struct machine *m, enum power_action action)
{
	const char *what = action == POWER_OFF ? "power it off" : "reboot it";
	int signal = init_power_signal(m, action), r = signal;

	/* A signal that was chosen for another process doesn't reach it: the leader has died. */
	if (signal > 0)
		r = machine_signal_leader(snapshot, m, signal);
	else if (leader_has_died(&m->leader, &snapshot->meta.origin))
		r = -ESRCH;
	if (r == -EOPNOTSUPP)
		complain("%s: cannot reboot it: its first process is no init that is known here",
			 m->name);
	else if (r == -ENOMSG)
		complain("%s: cannot %s: its first process ignores the signal for that; "
			 "'mymachines terminate' ends it",
			 m->name, what);
	else if (r < 0)
		complain_operation(m, what, r);
	return r < 0 ? -1 : 0;
}

static int act(struct snapshot *snapshot, const struct machine *m, const void *data)
{
	const enum power_action *action = data;

	if (m->class == MACHINE_VM || m->control)
		return control_machine(snapshot, m,
				       *action == POWER_OFF ? "system_powerdown" : "system_reset",
				       *action == POWER_OFF ? "power it off" : "reboot it");
	return ask_leader(snapshot, m, *action);
}

static int run(int argc, char **argv, const char *verb, const char *help, enum power_action action)
{
	int status = parse_help_only(argc, argv, verb, help);

	if (status)
		return status - 1;
	return act_on_machines(verb, argv + optind, argc - optind, act, &action);
}

int verb_poweroff(int argc, char **argv)
{
	return run(argc, argv, "poweroff", poweroff_help, POWER_OFF);
}

int verb_reboot(int argc, char **argv)
{
	return run(argc, argv, "reboot", reboot_help, POWER_REBOOT);
}
