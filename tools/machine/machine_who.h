/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine that a call names by its name, by a process of it, or by both. */
#pragma once

#include "tools/calls/target.h"
#include "tools/machine/machine_input.h"

/*
 * Find it. False if the call has been answered: it names none, or none that
 * there is. To be closed by call_target_close() in either case.
 */
bool machine_who_open(struct call_target *target, struct varlink_call *call,
		      const struct machine_input *input)
	__attribute__((nonnull, warn_unused_result));

/* The same, for a container: the host and VMs are NotSupported. */
bool machine_who_open_container(struct call_target *target, struct varlink_call *call,
				const struct machine_input *input)
	__attribute__((nonnull, warn_unused_result));

/*
 * The process that a ProcessId stands for, which is the caller for pid 0: its pid, and what else is known
 * of it. 0 or a negative errno: -ESRCH if it names a process of another boot, or one whose pid is another's
 * by now.
 */
int machine_process_identify(const struct machine_process *process, const struct varlink_call *call,
			     struct machine_leader *identity)
	__attribute__((nonnull, warn_unused_result));
