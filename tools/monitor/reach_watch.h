/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watches where the host would send packets for machines' addresses: its routes,
 * neighbours, and what its bridges learn. Changes that concern no machine cost
 * little, however many there are: they are read in batches.
 */
#pragma once

#include "tools/monitor/change_batch.h"
#include "tools/monitor/watched.h"

struct reach_watch {
	struct change_batch changes;
	void *ports; /* tsearch(3): at which port a hardware address was seen last */
	size_t n_ports;
};

#define REACH_WATCH_INIT                                                                           \
	{                                                                                          \
		CHANGE_BATCH_INIT(SOURCE_HOST_ROUTES), NULL, 0                                     \
	}

/* Be told of changes. 0 or a negative errno. */
int reach_watch_open(struct reach_watch *watch, struct sources *sources);

/* A descriptor was ready: note the machines that this concerns. */
void reach_watch_take_event(struct reach_watch *watch, struct watched *watched,
			    const struct source *source);

void reach_watch_close(struct reach_watch *watch, struct sources *sources);
