/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One published registry, open for looking up. Not to be shared by threads.
 *
 * Plug-ins open it with snapshot_open_unmapped(), and close it in the same
 * call: nothing may stay open in somebody else's process. A machine that a
 * look-up returns is then good until the next look-up; closing leaves it as it
 * is, in this struct or in `room`. Programs of our own open
 * it with snapshot_open(), from registry/mapped_snapshot.h, which maps the file:
 * machines are then good until the snapshot is closed.
 *
 * Look-ups return 0; -ENOENT if there is none; -EUCLEAN for a damaged
 * registry; -ERANGE for a record that needs more room; or another negative
 * errno. In a snapshot that isn't open, which is all zero, nothing is found.
 */
#pragma once

#include "registry/database.h"
#include "registry/file.h"
#include "registry/pages.h"
#include "registry/record.h"

#include <stdbool.h>
#include <stdint.h>

/* Room for any record. */
#define RECORD_ROOM_SIZE (RECORD_SIZE_MAX + 1)

struct snapshot {
	bool is_open;
	void (*unmap)(struct pages *pages); /* NULL: nothing is mapped */
	struct registry_meta meta;	    /* all zero where opening failed */
	struct registry_identity identity;
	struct position next; /* of the machine that snapshot_next() has returned */
	struct value record;  /* of the machine that was found last; good as long as that */
	struct pages pages;
};

/*
 * Open the registry at `path` by one descriptor that is read from: no memory is
 * allocated or mapped. `room` is for records that are too large for a page; it
 * may be NULL. 0 or an error of registry/file.h; the snapshot isn't open then.
 */
int snapshot_open_unmapped(struct snapshot *snapshot, const char *path, uint8_t *room,
			   size_t room_size);

/* Bytes at the end of the room that the record of the machine found last is in. */
size_t snapshot_room_used(const struct snapshot *snapshot);

/* Does nothing to a snapshot that isn't open. */
void snapshot_close(struct snapshot *snapshot);

/* The machine of this folded name or alias. */
int snapshot_find_name(struct snapshot *snapshot, const char *folded, struct machine *machine);

/* The same, as the bytes of its record. */
int snapshot_find_record(struct snapshot *snapshot, const char *folded, struct value *record);

/*
 * What sorts the machines that have this address as a true one: those that it is routed to
 * come before others, then those registered first.
 */
uint64_t machine_address_order(const struct machine *machine, int family, const uint8_t *bytes);

/* The first machine that has this address as a true one, but after `order`; 0 for the first. */
int snapshot_find_address(struct snapshot *snapshot, int family, const uint8_t *bytes,
			  uint64_t order, struct machine *machine);

/*
 * Of the machines that may be alive (registry/leader_state.h), the first one that has this address
 * as a true one. If `interface` isn't 0, it is the index of the host's interface
 * that leads to an address that needs one: scope_id in ipv6(7).
 */
int snapshot_find_host(struct snapshot *snapshot, int family, const uint8_t *bytes,
		       uint32_t interface, struct machine *machine);

/* The machine that this pid leads. The start time is the caller's to compare. */
int snapshot_find_leader(struct snapshot *snapshot, uint32_t pid, struct machine *machine);

/* The first machine in this unit that was registered after `sequence`. */
int snapshot_find_unit(struct snapshot *snapshot, const char *unit, uint64_t sequence,
		       struct machine *machine);

/* The host ids around one that have the same answer: all of one machine, or all of none. */
struct id_range {
	uint32_t first;
	uint32_t last;
	uint32_t inner;		      /* the machine's id for `first` */
	char name[MACHINE_NAME_SIZE]; /* the machine's, or empty */
};

/* The machine that owns this host id. Returns 0 also if there is none. */
int snapshot_find_id(struct snapshot *snapshot, enum id_kind kind, uint32_t id,
		     struct id_range *range);

/*
 * The machine whose folded name comes next after `folded`, "" for the first;
 * -ENOENT after the last. `folded` becomes that machine's.
 */
int snapshot_next(struct snapshot *snapshot, char folded[static MACHINE_NAME_SIZE],
		  struct machine *machine);

/* The same, as the bytes of its record. */
int snapshot_next_record(struct snapshot *snapshot, char folded[static MACHINE_NAME_SIZE],
			 struct value *record);

/* Make a snapshot of a file whose meta record and identity are in it. It owns the descriptor then. */
void snapshot_init(struct snapshot *snapshot, int fd);
