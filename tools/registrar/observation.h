/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host sees of a machine by its leader: namespaces, cgroup, root
 * directory, addresses. Looking takes its time and needs no lock.
 */
#pragma once

#include "base/arena.h"
#include "base/notices.h"
#include "host/cgroup.h"
#include "host/network.h"
#include "host/process.h"
#include "registry/snapshot.h"

/* Facts that can't be given, besides those of enum machine_given. */
#define UNREAD_NETWORK	  (1u << 31) /* interfaces and addresses */
#define UNREAD_NAMESPACES (1u << 30)
#define UNREAD_SYSTEM	  (1u << 29) /* what the machine says of its operating system */

/* Unit, namespaces, two id maps, root directory, system, and the network. */
#define OBSERVATION_MISSES_MAX 7

/*
 * So many seconds after its registration, a container's operating system and machine id may
 * still come: they are looked for again.
 */
#define SYSTEM_SETTLING 60

/*
 * Milliseconds to wait for neighbours that the kernel is asked for: they answer
 * in less than one if they are there.
 */
#define NEIGHBOUR_WAIT 100

struct observation {
	enum leader_verdict verdict; /* if not LEADER_OK, nothing was observed */
	int leader_error;	     /* of LEADER_UNREADABLE: a negative errno */
	enum machine_class class;    /* that it was looked at as */
	struct machine seen;	     /* its leader, and the facts that were read; in the arena */
	bool unit_is_shared;	     /* with the caller: the unit isn't the machine's own */
	struct machine_network
		network; /* of a container: where its addresses stand; in the arena */
	const struct machine_address *former; /* that were routed to it before; in the arena */
	size_t n_former;
	bool has_questions;  /* about its addresses, for observations_ask_neighbours() */
	size_t n_left_out;   /* addresses that were too many */
	unsigned int unread; /* facts that exist but couldn't be read */
	struct {
		const char *what;
		int error;
	} misses[OBSERVATION_MISSES_MAX]; /* why they couldn't */
	size_t n_misses;
	/* The machine's record when it was looked at, encoded; in the arena. Of size 0: there was none. */
	const uint8_t *record;
	size_t record_size;
	int pidfd; /* between the two steps, or -1 */
};

/* How much a machine's own files are looked for. */
enum system_look {
	SYSTEM_LOOK,	   /* if its root is new, or may not have had them yet */
	SYSTEM_LOOK_EARLY, /* the same, but not in the host's root, as the machine is being made */
	SYSTEM_LOOK_QUICK, /* wait for them no longer than other machines may have to */
	SYSTEM_LOOK_AGAIN, /* even if they have been read before */
	SYSTEM_LOOK_NONE,  /* not at all: a new root is taken to have none */
};

/* The facts that decide how to look at a machine. */
struct observation_request {
	enum machine_class class;
	const struct machine_interface *interfaces; /* those that were given */
	size_t n_interfaces;
	const struct machine_address *addresses; /* those that were routed to it before */
	size_t n_addresses;
	/* The known contents of its files; they are read again if its root has changed. */
	struct machine_system system;
	uint64_t registered;   /* when: CLOCK_MONOTONIC, in microseconds */
	const uint8_t *record; /* all of it, encoded, for observation_is_of_record() */
	size_t record_size;
	enum system_look system_look;
	struct host_view *view;
	const struct cgroup_hierarchy *cgroups; /* NULL: it is in no unit */
};

/*
 * How to look at a machine that may be registered already: by its record's
 * class, given interfaces, routed addresses and system, else as at a container. In the
 * arena. Cgroups, the view and the look at its system are the caller's to add.
 */
struct observation_request observation_request_for(struct snapshot *snapshot, struct arena *arena,
						   const char *name,
						   const struct machine_leader *leader)
	__attribute__((nonnull, warn_unused_result));

/*
 * First step: find out who the process is. Sets the verdict, and the leader if it is LEADER_OK. A process
 * that isn't the expected one is LEADER_ABSENT; NULL expects none.
 */
void observation_begin(struct observation *observation, int64_t pid,
		       const struct machine_leader *expected) __attribute__((nonnull(1)));

/* The same for the leader of a record. Its inode proves it, so that its start time isn't read again. */
void observation_begin_registered(struct observation *observation,
				  const struct machine_leader *leader) __attribute__((nonnull));

/*
 * Second step, with LEADER_OK: read id maps, unit, root directory, interfaces,
 * addresses, and what its own files say. Of a VM, whose emulator has the host's namespaces, only the
 * unit and what the host sees of its network are read. A fact that can't be
 * read is a miss. The verdict changes if the leader has died meanwhile. 0, or
 * -1 with a failure if the thread is stuck in the machine's network namespace:
 * from there, nothing more can be observed.
 */
int observation_complete(struct observation *observation, struct arena *arena,
			 const struct observation_request *request, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Whether a registry has the record that the machine had when it was looked at: what was seen is then newer
 * than all that the record says.
 */
bool observation_is_of_record(const struct observation *observation, const char *name,
			      struct snapshot *registry, struct arena *arena)
	__attribute__((nonnull));

/*
 * Have the kernel ask for the neighbours that it doesn't know, wait for all
 * answers together at most `milliseconds`, and judge once more the addresses
 * that this was about. With 0, it isn't waited for.
 */
void observations_ask_neighbours(struct observation *observations, size_t count,
				 struct host_view *view, int milliseconds) __attribute__((nonnull));

/*
 * Report misses and left out addresses. If the caller `retries`, a dump that
 * was disturbed by changes is no news.
 */
void observation_report(const struct observation *observation, const char *subject, bool retries,
			struct notices *notices) __attribute__((nonnull(1, 2)));

/* Whether a file didn't come in time. Who has read it may be stuck in the kernel for as long as the machine likes. */
bool observation_has_hung(const struct observation *observation) __attribute__((nonnull));

/* Whether a fact couldn't be read for a reason that may pass, so that a retry makes sense. */
bool observation_is_incomplete(const struct observation *observation) __attribute__((nonnull));
