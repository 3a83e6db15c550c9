/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watches everything that the addresses of learned VMs depend on: the host's
 * neighbours, the lease files, and the time when the next lease expires. While
 * there are no such VMs, none of it is watched.
 */
#pragma once

#include "tools/monitor/change_batch.h"
#include "tools/monitor/watched.h"

struct vm_watch {
	struct change_batch neighbours;
	struct source leases, expiry;
	bool is_on;
	bool is_new;	     /* something is watched that wasn't when the VMs were looked at last */
	int last_descriptor; /* of the newest watch on a directory of leases */
};

#define VM_WATCH_INIT                                                                              \
	{                                                                                          \
		CHANGE_BATCH_INIT(SOURCE_HOST_NEIGHBOURS), { SOURCE_LEASES, -1 },                  \
			{ SOURCE_LEASE_EXPIRY, -1 }, 0                                             \
	}

/*
 * Watch what concerns the learned machines that are watched now, and note them if
 * some of that is new. To be called after machines have changed or were looked
 * at. 0, or a negative errno, and then nothing of it is watched.
 */
int vm_watch_update(struct vm_watch *watch, struct watched *watched);

/* A descriptor was ready: note the learned machines that this may concern. */
void vm_watch_take_event(struct vm_watch *watch, struct watched *watched,
			 const struct source *source);

void vm_watch_done(struct vm_watch *watch, struct watched *watched);
