/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a machine's leader still lives, for everybody who asks: plug-ins and programs. */
#pragma once

#include "registry/file.h"
#include "registry/record.h"

enum leader_state {
	LEADER_ALIVE,
	LEADER_DEAD,
	LEADER_UNKNOWN, /* this process can't find out */
};

/*
 * Look at the leader that a registry of this pid context names. `error`, if it
 * isn't NULL, becomes a negative errno with LEADER_UNKNOWN:
 * -EXDEV  the pid means another process here: another pid or time namespace
 * -EACCES /proc hides it: hidepid in proc(5)
 * -ENOSYS /proc doesn't tell this process's namespaces, as where it isn't mounted
 * or that of a system call: -EMFILE, -ENFILE, -ENOMEM, or a sandbox's. Never -ENOENT.
 */
enum leader_state leader_state(const struct machine_leader *leader,
			       const struct pid_context *context, int *error)
	__attribute__((nonnull(1, 2)));

/* The process that manages the machine, or NULL if none is known or it is known to be dead. */
const struct machine_leader *machine_supervisor(const struct machine *machine,
						const struct pid_context *context)
	__attribute__((nonnull));

/*
 * What a look-up asks: 1 unless the leader is known to be dead, so also where
 * this process can't see it; 0 if it is; or -EMFILE, -ENFILE or -ENOMEM, which
 * say nothing about the leader and pass.
 */
int machine_may_be_alive(const struct machine *machine, const struct pid_context *context)
	__attribute__((nonnull));
