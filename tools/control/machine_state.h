/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a machine runs, is paused, or is dead. */
#pragma once

#include "registry/file.h"
#include "registry/record.h"
#include "tools/control/frozen_cgroups.h"

enum machine_state { MACHINE_RUNNING, MACHINE_PAUSED, MACHINE_DEAD };

/* Look at its leader and cgroup. A VM that its emulator has paused looks running. */
enum machine_state machine_state_look(const struct machine *machine,
				      const struct pid_context *context) __attribute__((nonnull));

/*
 * The same for many, which costs fewer system calls: those in a row that are in one cgroup share
 * the look at it.
 */
void machine_states_look(const struct machine *machines, enum machine_state *states, size_t count,
			 const struct pid_context *context, struct frozen_cgroups *known)
	__attribute__((nonnull));

/* As machine_state_look(), and ask the emulator of a VM that has a control socket; wait for two seconds at most. */
enum machine_state machine_state_ask(const struct machine *machine,
				     const struct pid_context *context) __attribute__((nonnull));

/* "running", "paused", or "dead". */
const char *machine_state_name(enum machine_state state) __attribute__((const));
