/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machines that the monitor watches: a pidfd of each leader, and a socket in
 * each network namespace that reports its changes. A machine to which something
 * has happened is noted in the schedule.
 */
#pragma once

#include "base/file_identity.h"
#include "registry/snapshot.h"
#include "tools/monitor/schedule.h"
#include "tools/monitor/sources.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct watched_machine;

/* A network namespace with machines in it, and not the monitor's own. */
struct watched_network {
	struct source socket; /* the first member */
	dev_t device;
	ino_t inode;
	struct watched_machine *machines; /* that are in it, a list */
};

/* An address of a machine, answered or not. */
struct watched_address {
	uint8_t family;
	uint8_t bytes[16];
	uint8_t neighbour[6]; /* the hardware address that it was last seen to have, or 0 */
};

struct watched_machine {
	struct source pidfd; /* the first member */
	struct schedule_item item;
	struct machine_leader leader;
	uint64_t digest;		 /* of its record */
	struct watched_network *network; /* or NULL */
	struct watched_machine *next;	 /* in that network */
	uint32_t *interfaces;		 /* of the host's that lead to it, by index */
	uint32_t n_interfaces;
	uint32_t n_addresses;
	struct watched_address *addresses;
	struct file_identity root; /* whose files are known */
	uint64_t registered;	   /* when, in milliseconds */
	uint64_t settling_due;	   /* when settling_check() is to look at it, or SCHEDULE_NEVER */
	bool is_vm;
	bool is_learned;    /* a VM whose addresses nobody gave */
	bool is_hidden;	    /* its network namespace can't be seen */
	uint8_t slow_looks; /* so many looks at it are still made by a worker: slow_look.h */
	uint8_t hung_looks; /* in so many of those a file of it didn't come */
	bool has_died;	    /* there is nothing left of it to watch */
	bool is_whole;	/* all of it is watched; if not, only a look at it tells of its changes */
	char *spelling; /* the name as it was registered, or NULL if that is the folded one */
	char name[];	/* folded */
};

struct watched {
	struct sources sources;
	struct schedule schedule;
	uint64_t now;			   /* what noted machines are noted with */
	uint64_t digest_key;		   /* random: no machine can make its changes look alike */
	struct pid_context context;	   /* of the snapshot that is followed */
	struct watched_machine **machines; /* by name */
	size_t count;
	size_t n_learned;    /* of them, are learned */
	bool learned_is_new; /* what concerns learned machines has changed since vm_watch_update() */
	size_t n_partial;    /* of them, are not whole */
	bool is_careful;     /* a machine that is new here is looked at by a worker first */
	uint64_t settling_due; /* the first of its machines, or SCHEDULE_NEVER */
	void *networks;	       /* tsearch(3) */
	int home;	       /* the monitor's own network namespace */
	dev_t home_device;
	ino_t home_inode;
};

/*
 * With no machines, and so many descriptors for all sources. 0 or a negative
 * errno. To be released with watched_done(), after both.
 */
int watched_init(struct watched *watched, size_t descriptors_max);

/*
 * Watch exactly the machines of this snapshot. Those whose record has changed
 * are noted: who published it may have looked at them before the monitor did.
 * 0, or a negative errno.
 */
int watched_follow(struct watched *watched, struct snapshot *snapshot);

/* A descriptor was ready. The event's source is of kind SOURCE_LEADER or SOURCE_NETWORK. */
void watched_take_event(struct watched *watched, struct source *source);

/*
 * The machine is about to be looked at. Watch all of it, as far as there is room
 * for descriptors; what happens from here on notes it again.
 */
void watched_begin_look(struct watched *watched, struct watched_machine *machine);

/*
 * Note the containers whose leaders are in another network namespace than before:
 * all, or only those that were in the host's.
 */
void watched_check_networks(struct watched *watched, bool all);

/* Something has happened to the machine, or to all. */
void watched_note(struct watched *watched, struct watched_machine *machine);
void watched_note_all(struct watched *watched);

/* The machine of this folded name, or NULL. */
struct watched_machine *watched_find(const struct watched *watched, const char *folded);

/* The machine's name as it was registered. */
const char *watched_name(const struct watched_machine *machine);

/* The machine of this schedule item. */
struct watched_machine *watched_machine_of(struct schedule_item *item);

/* Whether the calling thread is in the network namespace that it began in. */
bool watched_is_at_home(const struct watched *watched);

void watched_done(struct watched *watched);
