/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/machine_state.h"

#include "base/descriptors.h"
#include "host/process.h"
#include "registry/leader_state.h"
#include "tools/control/qmp.h"

#include <errno.h>
#include <poll.h>

/* An emulator that serves another client doesn't answer at all. */
#define ASK_MILLISECONDS 2000

/* So many pidfds are open at once. */
#define LOOKS_MAX 64

enum machine_state machine_state_look(const struct machine *m, const struct pid_context *context)
{
	if (leader_state(&m->leader, context, NULL) == LEADER_DEAD)
		return MACHINE_DEAD;
	return process_is_frozen(m->leader.pid) ? MACHINE_PAUSED : MACHINE_RUNNING;
}

/*
 * Look at those whose leaders their pidfds prove. What /proc has of a pid was the leader's if that
 * lives afterwards. Those that aren't settled so are to be looked at one by one.
 */
static void look_together(const struct machine *machines, enum machine_state *states,
			  bool settled[static LOOKS_MAX], size_t count,
			  struct frozen_cgroups *known)
{
	struct pollfd leaders[LOOKS_MAX];
	int pidfds[LOOKS_MAX], r;

	for (size_t i = 0; i < count; i++)
		pidfds[i] = leader_open_by_inode(&machines[i].leader);
	for (size_t i = 0; i < count; i++) {
		r = pidfds[i] < 0 ? pidfds[i]
				  : process_look_frozen(machines[i].leader.pid, pidfds[i], known);
		states[i] = r == 1 ? MACHINE_PAUSED : MACHINE_RUNNING;
		/* Without a descriptor left, its cgroup wasn't seen. */
		settled[i] = pidfds[i] >= 0 && r != -EMFILE && r != -ENFILE;
		leaders[i] = (struct pollfd){ pidfds[i], POLLIN, 0 };
	}
	r = poll(leaders, count, 0);
	for (size_t i = 0; i < count; i++)
		settled[i] = settled[i] && r >= 0 && leaders[i].revents == 0;
	descriptors_close(pidfds, count);
}

void machine_states_look(const struct machine *machines, enum machine_state *states, size_t count,
			 const struct pid_context *context, struct frozen_cgroups *known)
{
	for (size_t done = 0, n; done < count; done += n) {
		bool settled[LOOKS_MAX];

		n = count - done < LOOKS_MAX ? count - done : LOOKS_MAX;
		look_together(machines + done, states + done, settled, n, known);
		for (size_t i = 0; i < n; i++)
			if (!settled[i])
				states[done + i] = machine_state_look(&machines[done + i], context);
	}
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
