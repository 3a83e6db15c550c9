/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Being a daemon: away from who started it, with no more privilege than it
 * needs, and telling a service manager. Those that can fail return 0, or -1
 * after a message.
 */
#pragma once

#include <stddef.h>

/*
 * Go on in a child with a session of its own, "/" as its directory, no
 * descriptor but the standard ones, no signal blocked or ignored, no
 * environment, and none of the starter's limits and priorities. The parent
 * exits: with 0 as soon as the child calls daemon_is_ready(), or else with the
 * child's status. `ready` is for that call.
 */
int daemon_fork(int *ready);

/* Let go of the terminal or pipes of who started it; messages go to syslog(3) from here on. */
int daemon_is_ready(int *ready);

/* Out of the cgroups of who started it, into the root of each hierarchy, as far as that goes. */
void daemon_leave_cgroups(void);

/* As many descriptors as the kernel lets it have. Returns how many. */
unsigned long daemon_raise_descriptors(void);

/* Of the capabilities(7) that it has, keep these alone, and gain none ever after. */
int daemon_keep_capabilities(const int *capabilities, size_t count);

/* Tell the service manager, if there is one: sd_notify(3). */
void daemon_notify(const char *state);
