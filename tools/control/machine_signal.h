/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals for machines. A pidfd of each process is opened before the process is found
 * to be the machine's, and the signal goes through that: a reused pid never
 * gets it.
 */
#pragma once

#include "base/failure.h"
#include "registry/snapshot.h"

/* The processes of a machine that get a signal. */
enum signal_target {
	SIGNAL_ALL, /* all processes in it */
	SIGNAL_LEADER,
	SIGNAL_SUPERVISOR, /* the process of the host that manages it */
};

/* Read "all", "leader" or "supervisor". 0 or -EINVAL. */
int signal_target_parse(const char *text, enum signal_target *target)
	__attribute__((nonnull, warn_unused_result));

/* Signal the leader. 0 or a negative errno: those of leader_open() if the machine has gone. */
int leader_signal(struct snapshot *snapshot, const struct machine *machine, int signal);

/*
 * Signal its leader, its supervisor, or all processes of the machine, as membership_find() knows
 * them, and those that they make meanwhile. 0, or -1 with a failure: FAILURE_NO_PROCESS if it has no
 * supervisor, or that has died.
 */
int machine_signal(struct snapshot *snapshot, const struct machine *machine,
		   enum signal_target target, int signal, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Kill all processes of the machine, and wait until its leader has died. 0, also if
 * it had died already, or -1 with a failure.
 */
int machine_terminate(struct snapshot *snapshot, const struct machine *machine,
		      struct failure *failure) __attribute__((nonnull, warn_unused_result));
