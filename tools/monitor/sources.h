/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The descriptors that the monitor waits for, in one epoll(7), and how many of
 * them it may have.
 */
#pragma once

#include <stddef.h>

/* The kind of a descriptor. The data.ptr of its events points to a struct source. */
enum source_kind {
	SOURCE_LEADER,
	SOURCE_NETWORK,
	SOURCE_REGISTRY,
	SOURCE_SIGNAL,
	SOURCE_HOST_LINKS,
	SOURCE_HOST_NEIGHBOURS,
	SOURCE_LEASES,
	SOURCE_LEASE_EXPIRY,
	SOURCE_HOST_ROUTES,
	SOURCE_EXPORTS,
	SOURCE_MACHINED,
	SOURCE_SLOW_LOOK,
	SOURCE_SOCKETS,
	SOURCE_BUS,
};

struct source {
	enum source_kind kind;
	int fd; /* or -1 */
};

struct sources {
	int epoll;
	size_t used;
	size_t max; /* that may be used */
};

/* With no sources. 0 or a negative errno. To be released with sources_done(), after both. */
int sources_init(struct sources *sources, size_t max);

/*
 * Wait for a descriptor, which becomes the source's. A negative `fd` is an errno
 * and is returned. 0, or a negative errno, and the descriptor is closed: -EMFILE
 * if as many are used as may be.
 */
int source_add(struct sources *sources, struct source *source, int fd);

/* The same, but a source that was ready is not reported again before source_rearm(). */
int source_add_oneshot(struct sources *sources, struct source *source, int fd);
void source_rearm(struct sources *sources, struct source *source);

/* Close the descriptor. Does nothing to a source that has none. */
void source_remove(struct sources *sources, struct source *source);

void sources_done(struct sources *sources);
