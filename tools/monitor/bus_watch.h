/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * That mymachines-bus runs while there are machines, if the bus knows it: it tells of what
 * comes and goes. The monitor links no library of the bus, and waits for no answer of it: it
 * starts a child, which asks the bus to start it.
 */
#pragma once

#include "tools/monitor/sources.h"

#include <stdbool.h>
#include <sys/types.h>

struct bus_watch {
	struct source child; /* its pidfd */
	pid_t pid;
	bool once_more;	 /* something was published while there was a child */
	bool has_failed; /* and that is in the log */
};

#define BUS_WATCH_INIT                                                                             \
	{                                                                                          \
		.child = { SOURCE_BUS, -1 }                                                        \
	}

/* After a publication: have the bus start it, unless it runs. */
void bus_watch_publication(struct bus_watch *watch, struct sources *sources);

/* The child has ended. */
void bus_watch_take_event(struct bus_watch *watch, struct sources *sources);

/* A child goes on. */
void bus_watch_close(struct bus_watch *watch, struct sources *sources);
