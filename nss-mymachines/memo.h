/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this process has learnt from the registry: the begin of a search, the
 * names that it has, the owners of some ids, and the last few hosts that were
 * asked for. Each is good
 * for as long as one lstat(2) of the registry shows the same snapshot; ids also
 * for later ones with the same owners. Of fixed size; pages of it that aren't
 * needed are never touched. No thread waits for another: sequence_lock.h.
 */
#pragma once

#include "nss-mymachines/sequence_lock.h"
#include "registry/snapshot.h"

#include <stdbool.h>

/*
 * For what each look-up touches: together in the first page of the module's
 * variables, so that a process has one such page of its own.
 */
#define MEMO_HOT __attribute__((section(".data")))

/* For large tables, of which a process needs the begin: one page each. */
#define MEMO_TABLE __attribute__((aligned(4096)))

/* The identity of a snapshot, in words. */
struct memo_identity {
	_Atomic uint64_t device;
	_Atomic uint64_t inode;
	_Atomic uint64_t generation;
};

static inline bool memo_is_of(const struct memo_identity *memo,
			      const struct registry_identity *identity)
{
	return load64(&memo->generation) == identity->generation &&
	       load64(&memo->inode) == identity->inode && load64(&memo->device) == identity->device;
}

static inline void memo_set_identity(struct memo_identity *memo,
				     const struct registry_identity *identity)
{
	store64(&memo->device, identity->device);
	store64(&memo->inode, identity->inode);
	store64(&memo->generation, identity->generation);
}

/*
 * Open the registry, and close it with snapshot_close(), as with
 * snapshot_open_unmapped(). What is known of the snapshot isn't read again.
 */
int memo_open_registry(struct snapshot *snapshot, uint8_t *room, size_t room_size);

/* Whether this process has opened the same snapshot before, so that it may do so again. */
bool memo_knew_registry(const struct snapshot *snapshot);

/* Names. Whether this snapshot certainly lacks a folded name, as far as is known. */
bool memo_lacks_name(const struct registry_identity *now, const char *folded, size_t length);

/* Learn the names of a snapshot that was opened before, if it has a filter and that isn't known. */
void memo_learn_names(const struct snapshot *snapshot);

/* Ids. Find the range around an id, in this snapshot. */
bool memo_find_range(const struct registry_identity *now, enum id_kind kind, uint32_t id,
		     struct id_range *range);

/* The ranges that are known are good for this snapshot, too, if it has the same owners. */
void memo_keep_ranges(const struct snapshot *snapshot);

/* Remember a range of this snapshot. */
void memo_add_range(const struct snapshot *snapshot, enum id_kind kind,
		    const struct id_range *range);

/* Hosts. A name or an address that was asked for. */
#define HOST_KEY_WORDS ((1 + MACHINE_NAME_SIZE + 7) / 8)

struct host_key {
	uint64_t words[HOST_KEY_WORDS];
};

struct host_key host_key_of_name(const char *folded, size_t length);
struct host_key host_key_of_address(int family, const uint8_t *bytes);

/* Records of more bytes than this aren't remembered. */
#define REMEMBERED_WORDS 72

struct remembered_host {
	struct pid_context context; /* of the leader */
	struct value record;	    /* in `words` */
	uint64_t words[REMEMBERED_WORDS];
};

bool memo_find_host(const struct registry_identity *now, const struct host_key *key,
		    struct remembered_host *host);

void memo_add_host(const struct snapshot *snapshot, const struct host_key *key,
		   struct value record);
