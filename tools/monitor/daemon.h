/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process does to become a daemon: it leaves everything of the process
 * that started it, keeps no more privilege than it needs, and talks to the
 * service manager.
 */
#pragma once

#include "base/failure.h"

#include <stddef.h>

/*
 * Go on in a child with a session of its own, "/" as its directory, only the
 * standard descriptors, no signal blocked or ignored, no environment, and
 * none of the starter's limits and priorities. The parent exits: with 0 as soon
 * as the child calls daemon_announce_ready(), or else with the child's status.
 * `ready` is for that call. 0, or -1 with a failure.
 */
int daemon_fork(int *ready, struct failure *failure) __attribute__((nonnull, warn_unused_result));

/*
 * Tell the waiting parent that we are ready, and have /dev/null as standard
 * input, output and error from now on. 0, or -1 with a failure.
 */
int daemon_announce_ready(int *ready, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Move from the starter's cgroups to the root of each hierarchy, as far as that is permitted. */
void daemon_leave_cgroups(void);

/* Raise the limit of descriptors as far as the kernel permits. Returns the limit. */
unsigned long daemon_raise_descriptors(void);

/*
 * Of the capabilities(7) that the process has, keep only these, and let it gain
 * none ever after. 0, or -1 with a failure.
 */
int daemon_keep_capabilities(const int *capabilities, size_t count, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Tell the service manager, if there is one: sd_notify(3). */
void daemon_notify(const char *state);
