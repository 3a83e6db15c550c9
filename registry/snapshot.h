/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One published registry, open for reading. Open, look up, close: nothing is
 * kept in between. Machines that a lookup returns point into the snapshot and
 * are good until it is closed. Not to be shared by threads.
 *
 * Lookups return 0; -ENOENT where there is none; -EUCLEAN for a damaged
 * registry; or another negative errno.
 */
#pragma once

#include "registry/database.h"
#include "registry/file.h"
#include "registry/record.h"

#include <stdbool.h>
#include <stdint.h>

struct snapshot {
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi databases[DB_COUNT]; /* 0: not opened yet */
	struct registry_meta meta;
	struct registry_identity identity;
};

/*
 * Open the registry at `path`, all zero on failure. 0 or an error of
 * registry/file.h; -EAGAIN where it was replaced again and again meanwhile.
 */
int snapshot_open(struct snapshot *snapshot, const char *path);

/* Does nothing to one that isn't open. */
void snapshot_close(struct snapshot *snapshot);

/* The machine of this folded name or alias. */
int snapshot_find_name(struct snapshot *snapshot, const char *folded, struct machine *machine);

/* The machine with this address that was registered first, but after `sequence`. */
int snapshot_find_address(struct snapshot *snapshot, int family, const uint8_t *bytes,
			  uint64_t sequence, struct machine *machine);

/* Whether the machine's leader lives, or can't be seen from here: leader_is_gone(). */
bool snapshot_is_up(const struct snapshot *snapshot, const struct machine *machine);

/*
 * Of the machines that are up, the one that has had this address for longest.
 * Where `interface` isn't 0, it is that of the host's which leads to an
 * address that needs one: scope_id in ipv6(7).
 */
int snapshot_find_host(struct snapshot *snapshot, int family, const uint8_t *bytes,
		       uint32_t interface, struct machine *machine);

/* The machine that this pid leads. Its start time is the caller's to compare. */
int snapshot_find_leader(struct snapshot *snapshot, uint32_t pid, struct machine *machine);

/* The machine in this unit that was registered first, but after `sequence`. */
int snapshot_find_unit(struct snapshot *snapshot, const char *unit, uint64_t sequence,
		       struct machine *machine);

/* The host ids around one that share its answer: all of one machine, or all of none. */
struct id_range {
	uint32_t first;
	uint32_t last;
	uint32_t inner;		      /* the machine's id for `first` */
	char name[MACHINE_NAME_SIZE]; /* the machine's, or empty */
};

/* Whose is this host id? Returns 0 also where it is no machine's. */
int snapshot_find_id(struct snapshot *snapshot, enum id_kind kind, uint32_t id,
		     struct id_range *range);

/*
 * The machine whose folded name comes next after `folded`, "" for the first;
 * -ENOENT after the last. `folded` becomes that machine's.
 */
int snapshot_next(struct snapshot *snapshot, char folded[static MACHINE_NAME_SIZE],
		  struct machine *machine);

/* The machine of a name that is another database's value, where it must be: -EUCLEAN otherwise. */
int snapshot_find_named(struct snapshot *snapshot, const MDB_val *value, struct machine *machine);

/* What the writer shares with readers: the handle of a database, -ENOENT if it was never made. */
int snapshot_database(struct snapshot *snapshot, enum database database, MDB_dbi *dbi);
