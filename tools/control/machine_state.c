/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/machine_state.h"

#include "registry/leader_state.h"
#include "tools/control/machine_cgroup.h"
#include "tools/control/qmp.h"

/* An emulator that serves another client doesn't answer at all. */
#define ASK_MILLISECONDS 2000

enum machine_state machine_state_look(const struct machine *m, const struct pid_context *context)
{
	if (leader_state(&m->leader, context, NULL) == LEADER_DEAD)
		return MACHINE_DEAD;
	return process_is_frozen(m->leader.pid) ? MACHINE_PAUSED : MACHINE_RUNNING;
}

enum machine_state machine_state_ask(const struct machine *m, const struct pid_context *context)
{
	enum machine_state state = machine_state_look(m, context);

	if (state == MACHINE_RUNNING && m->control &&
	    qmp_is_paused(m->control, ASK_MILLISECONDS) == 1)
		return MACHINE_PAUSED;
	return state;
}

const char *machine_state_name(enum machine_state state)
{
	switch (state) {
	case MACHINE_RUNNING: return "running";
	case MACHINE_PAUSED: return "paused";
	case MACHINE_DEAD: return "dead";
	}
	return "unknown";
}
