/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a user who isn't root may do without permission: register processes as a machine that are all
 * the user's, and control that machine as long as they are.
 */
#pragma once

#include "base/failure.h"
#include "registry/record.h"

#include <stdbool.h>

#include <sys/types.h>

/*
 * Look at a leader and all the machine's processes. Each has to run as the user, or in a user
 * namespace that the user has made, or inside one. `pidfd` becomes a descriptor of the leader: if
 * that lives after the registration, it is what was looked at. 0, or -1 with a failure.
 */
int check_ownership(pid_t leader, uid_t user, int *pidfd, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Whether a process is the user's in this way, and hasn't ended. */
bool owns_process(const struct machine_leader *process, uid_t user)
	__attribute__((nonnull, warn_unused_result));

/*
 * What a user may do with a machine without being asked. Unregistering takes that the user has
 * registered it. Signalling and ending it takes that all its processes are the user's, too;
 * signalling its supervisor, that this is the user's; a
 * terminal in it, that the user has made the user namespace of its leader, besides: what runs on
 * that terminal is root of no other.
 */
enum own_use { OWN_UNREGISTER, OWN_CONTROL, OWN_SUPERVISOR, OWN_TERMINAL };

bool may_use_own(const struct machine *machine, uid_t user, enum own_use use)
	__attribute__((nonnull));
