/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The named databases of the registry's LMDB pages, and the bytes of their
 * keys and values (FORMAT.md, "The databases"). For readers and the writer.
 */
#pragma once

#include "registry/name.h"
#include "registry/value.h"
#include "registry/wire.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>

enum database {
	DB_NAMES,     /* folded name or alias -> record, or the folded name that it stands for */
	DB_ADDRESSES, /* family, address, order -> folded name, of the addresses that are true */
	DB_UIDS,      /* last id of a range that one machine owns -> struct id_owner */
	DB_GIDS,
	DB_LEADERS,	  /* pid -> folded name */
	DB_UNITS,	  /* unit, NUL, sequence -> folded name */
	DB_SHADOWED_UIDS, /* sequence of a machine that doesn't own all its ids -> folded name */
	DB_SHADOWED_GIDS,
	DB_HELD_ADDRESSES, /* like DB_ADDRESSES, of those beside and forward only */
	DB_COUNT
};

/* The first byte of a value of DB_NAMES. */
enum name_kind { NAME_IS_RECORD = 'm', NAME_IS_ALIAS = 'a' };

/* The two kinds of ids, each with a database of its own. */
enum id_kind { ID_UID, ID_GID };

/* The name that the database has in the file. */
const char *database_name(enum database database);

/* Numbers in keys are big-endian, so that comparing bytes sorts them. */

#define ADDRESS_KEY_SIZE (1 + 16 + 8)

/*
 * What sorts the machines that have the same address: those that it is routed to come
 * first, then those registered first.
 */
#define ADDRESS_ORDER(sequence, is_routed) ((sequence) | ((is_routed) ? 0 : (uint64_t) 1 << 63))

/* Returns the size of the key. What is before the order is the same for all machines. */
size_t address_key(uint8_t key[static ADDRESS_KEY_SIZE], int family, const uint8_t *bytes,
		   uint64_t order);

#define UNIT_KEY_SIZE (255 + 1 + 8)

size_t unit_key(uint8_t key[static UNIT_KEY_SIZE], const char *unit, uint64_t sequence);

/* One machine's ownership of the host ids first..last. */
struct id_owner {
	uint32_t first;
	uint32_t last;
	uint32_t inner;	   /* the machine's id for `first` */
	uint64_t sequence; /* the machine's */
	const char *name;  /* the machine's, as it was registered */
};

#define ID_OWNER_SIZE (4 + 4 + 8 + MACHINE_NAME_SIZE)

size_t id_owner_encode(const struct id_owner *owner, uint8_t bytes[static ID_OWNER_SIZE]);

/* 0, or -EUCLEAN for bytes that id_owner_encode() doesn't write. */
int id_owner_decode(struct value key, struct value value, struct id_owner *owner);
