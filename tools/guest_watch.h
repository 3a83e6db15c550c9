/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Being told when the addresses that VMs are seen to have may have changed:
 * the host's neighbours, the files of leases, and the time when one expires.
 * None of it is watched while there are no such VMs.
 */
#pragma once

#include "tools/watched.h"

struct guest_watch {
	struct source neighbours, leases, expiry;
	bool is_on;
	bool is_new; /* something is watched that wasn't when machines were looked at last */
	int last_descriptor; /* of the newest watch on a directory of leases */
};

#define GUEST_WATCH_INIT                                                                           \
	{                                                                                          \
		{ SOURCE_HOST_NEIGHBOURS, -1 }, { SOURCE_LEASES, -1 },                             \
			{ SOURCE_LEASE_EXPIRY, -1 }, 0                                             \
	}

/*
 * Watch what concerns the learned machines that are watched now, which are
 * stale where that is new. To be called when they have changed or were looked
 * at. 0 or a negative errno, after which nothing of it is watched.
 */
int guest_watch_update(struct guest_watch *guests, struct watched *watched);

/* A descriptor was ready: makes the learned machines that it may concern stale. */
void guest_watch_take_event(struct guest_watch *guests, struct watched *watched,
			    const struct source *source);

void guest_watch_done(struct guest_watch *guests, struct watched *watched);
