/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machines that the monitor watches: a pidfd of each leader, and in each
 * network namespace a socket that tells of its changes, all in one epoll(7).
 */
#pragma once

#include "registry/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What an event of epoll is of: its data.ptr points to one of these. */
enum source_kind {
	SOURCE_LEADER,
	SOURCE_NETWORK,
	SOURCE_REGISTRY,
	SOURCE_SIGNAL,
	SOURCE_HOST_LINKS,
	SOURCE_HOST_NEIGHBOURS,
	SOURCE_LEASES,
	SOURCE_LEASE_EXPIRY,
};

struct source {
	enum source_kind kind;
	int fd; /* or -1 */
};

/* A network namespace with machines in it, and not the monitor's own. */
struct watched_network {
	struct source socket; /* the first member */
	dev_t device;
	ino_t inode;
	size_t users;
	bool is_stale; /* something has changed there */
};

struct watched_machine {
	struct source leader;	      /* the first member; its fd is the pidfd */
	char name[MACHINE_NAME_SIZE]; /* folded */
	uint8_t *record;	      /* its bytes */
	size_t record_size;
	struct machine machine;		 /* decoded: it points into them */
	struct watched_network *network; /* or NULL */
	bool is_stale;			 /* to be looked at again */
	bool is_looked_at;		 /* it was, when a look began last */
	bool is_hidden;			 /* whose namespace can't be seen */
	bool has_died;			 /* there is nothing left of it to watch */
};

struct watched {
	int epoll;
	size_t descriptors_max;		   /* that may be used */
	size_t descriptors;		   /* that are used */
	struct watched_machine **machines; /* by name */
	size_t count;
	void *networks;		      /* tsearch(3) */
	struct watched_network *home; /* the monitor's own */
};

/* With no machines. 0 or a negative errno. To be released with watched_done(), after both. */
int watched_init(struct watched *watched, size_t descriptors_max);

/*
 * Wait for a descriptor, too, which becomes the source's. One that is below 0
 * is a negative errno already. 0, or a negative errno with it closed: -EMFILE
 * when there are as many as may be.
 */
int watched_add_source(struct watched *watched, struct source *source, int fd);

/* And close it. Does nothing to one that isn't there. */
void watched_remove_source(struct watched *watched, struct source *source);

/*
 * Watch exactly the machines of this snapshot, none if it isn't open. Those
 * whose record has changed are stale: who has published it may have looked at
 * them before the monitor did. 0 or a negative errno.
 */
int watched_follow(struct watched *watched, struct snapshot *snapshot);

/* A descriptor was ready. The event's source is of kind SOURCE_LEADER or SOURCE_NETWORK. */
void watched_take_event(struct watched *watched, struct source *source);

/* Whether the network namespaces of leaders are what they were: make those stale that aren't. */
void watched_check_networks(struct watched *watched);

/* Whether the calling thread is in the network namespace that it began in. */
bool watched_is_at_home(const struct watched *watched);

/* Whether it is a VM whose addresses nobody gave; and whether any is. */
bool watched_is_learned(const struct watched_machine *machine);
bool watched_has_learned(const struct watched *watched);

/* Whether the machine is to be looked at again. */
bool watched_is_stale(const struct watched_machine *machine);

/* All that are stale are being looked at: what happens from here on makes them stale again. */
void watched_begin_look(struct watched *watched);

/* They still are. */
void watched_look_has_failed(struct watched *watched);

/* Whether all of the machine is watched; if not, only to look at it tells. */
bool watched_is_whole(const struct watched_machine *machine);
size_t watched_count_unwatched(const struct watched *watched);

void watched_done(struct watched *watched);
