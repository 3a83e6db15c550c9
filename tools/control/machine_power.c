/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/machine_power.h"

#include "host/process.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "tools/control/control.h"
#include "tools/control/machine_signal.h"

#include <errno.h>

/* `signal` may be an error of init_power_signal(). */
static int signal_init(struct snapshot *snapshot, const struct machine *m, int signal,
		       const char *what, struct failure *f)
{
	int r = signal, error = 0;

	/* If the pid was reused, the signal was chosen for another process, but isn't sent to it. */
	if (signal > 0)
		r = leader_signal(snapshot, m, signal);
	else
		switch (leader_state(&m->leader, &snapshot->meta.context, &error)) {
		case LEADER_ALIVE: break;
		case LEADER_DEAD: r = -ESRCH; break;
		/* What was read was maybe another process's. */
		case LEADER_UNKNOWN: r = error; break;
		}
	if (r == -EOPNOTSUPP)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s: cannot %s: its first process is not an init system that "
				   "mymachines knows",
				   m->name, what);
	if (r == -ENOMSG)
		return failure_set(f, FAILURE_NOT_SUPPORTED,
				   "%s: cannot %s: its first process ignores the signal for that; "
				   "'mymachines terminate' ends it",
				   m->name, what);
	return r < 0 ? machine_failure(f, m, what, r) : 0;
}

static int power(struct snapshot *snapshot, const struct machine *m, enum power_action action,
		 int (*choose_signal)(const struct machine *, enum power_action), struct failure *f)
{
	const char *what = action == POWER_OFF ? "power it off" : "reboot it";

	if (m->class == MACHINE_VM || m->control)
		return machine_control(snapshot, m,
				       action == POWER_OFF ? "system_powerdown" : "system_reset",
				       what, f);
	return signal_init(snapshot, m, choose_signal(m, action), what, f);
}

int machine_power(struct snapshot *snapshot, const struct machine *m, enum power_action action,
		  struct failure *f)
{
	return power(snapshot, m, action, init_power_signal, f);
}

int machine_power_as_machinectl(struct snapshot *snapshot, const struct machine *m,
				enum power_action action, struct failure *f)
{
	return power(snapshot, m, action, init_usual_signal, f);
}
