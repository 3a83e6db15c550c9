/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A socket of rtnetlink(7) that is read in batches. After some changes, the next
 * ones are collected for 20 ms, and for four times as long as those took. So
 * whoever causes the changes gets a fifth of a processor at most.
 */
#pragma once

#include "host/netlink.h"
#include "tools/monitor/sources.h"

struct change_batch {
	struct source changes;
	struct source timer; /* until it expires, changes wait in the socket */
	int64_t began;	     /* in nanoseconds of the processor's time */
	bool is_any;
};

#define CHANGE_BATCH_INIT(kind)                                                                    \
	{                                                                                          \
		{ kind, -1 }, { kind, -1 }, 0, false                                               \
	}

/* Be told of changes of these groups, RTNLGRP_*. 0, or a negative errno: to be closed then, too. */
int change_batch_open(struct change_batch *batch, struct sources *sources,
		      const unsigned int *groups, size_t count);

void change_batch_close(struct change_batch *batch, struct sources *sources);

/* A descriptor of it was ready: pass the changes to `take`. 0, or -ENOBUFS if some were lost. */
int change_batch_read(struct change_batch *batch, const struct source *source,
		      void take(const struct nlmsghdr *message, void *into), void *into);

/* What was read is dealt with: wait for the next changes. */
void change_batch_end(struct change_batch *batch, struct sources *sources);
