/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/address_index.h"

#include "registry/snapshot.h"

#include <errno.h>
#include <string.h>

static bool is_held(const struct machine_address *address)
{
	return !address_is_true(address) &&
	       address->flags & (ADDRESS_BESIDE | ADDRESS_FORWARD_ONLY);
}

static struct value make_key(uint8_t bytes[static ADDRESS_KEY_SIZE],
			     const struct machine_address *address, uint64_t order)
{
	return (struct value){ bytes, address_key(bytes, address->family, address->bytes, order) };
}

static int put(struct transaction *t, enum database database, const struct machine_address *address,
	       uint64_t order, const char *folded)
{
	uint8_t key[ADDRESS_KEY_SIZE];

	return transaction_put(t, database, make_key(key, address, order),
			       (struct value){ folded, strlen(folded) + 1 });
}

/* A record may have an address twice, on two interfaces: the entry may be gone already. */
static int delete_entry(struct transaction *t, enum database database,
			const struct machine_address *address, uint64_t order)
{
	uint8_t key[ADDRESS_KEY_SIZE];
	int r = transaction_delete(t, database, make_key(key, address, order));

	return r == -ENOENT ? 0 : r;
}

int address_index_add(struct transaction *t, const struct machine *m, const char *folded)
{
	const struct machine_address *address;
	int r = 0;

	for (size_t i = 0; r == 0 && (address = machine_address(m, i)); i++)
		if (address_is_true(address))
			r = put(t, DB_ADDRESSES, address,
				machine_address_order(m, address->family, address->bytes), folded);
		else if (is_held(address))
			r = put(t, DB_HELD_ADDRESSES, address, m->sequence, folded);
	return r;
}

/* Under each of the keys: a record of an earlier version has none of the flags. */
static int delete_all(struct transaction *t, const struct machine_address *address,
		      uint64_t sequence)
{
	int r = delete_entry(t, DB_ADDRESSES, address, ADDRESS_ORDER(sequence, true));

	if (r == 0)
		r = delete_entry(t, DB_ADDRESSES, address, ADDRESS_ORDER(sequence, false));
	return r < 0 ? r : delete_entry(t, DB_HELD_ADDRESSES, address, sequence);
}

int address_index_remove(struct transaction *t, const struct machine *m)
{
	const struct machine_address *address;
	int r = 0;

	for (size_t i = 0; r == 0 && (address = machine_address(m, i)); i++)
		r = delete_all(t, address, m->sequence);
	return r;
}

/* The sequence of the machine whose entry has this key. */
static uint64_t key_sequence(struct value key)
{
	uint64_t order;

	memcpy(&order, (const uint8_t *) key.bytes + key.size - sizeof order, sizeof order);
	return be64toh(order) & ~ADDRESS_ORDER(0, false);
}

/*
 * Calls `take` for each machine but this one that is in the database with this address, until it
 * doesn't return 0. Returns what it returned last, 0, or a negative errno.
 */
static int walk_others(struct transaction *t, enum database database,
		       const struct machine_address *address, uint64_t sequence,
		       int take(struct value name, void *into), void *into)
{
	uint8_t bytes[ADDRESS_KEY_SIZE];
	struct value key = make_key(bytes, address, 0), name;
	const size_t size = key.size, same = size - sizeof(uint64_t);
	uint64_t order;
	int r;

	while ((r = transaction_seek(t, database, &key, &name)) == 0) {
		if (key.size != size || memcmp(key.bytes, bytes, same) != 0)
			return 0;
		if (key_sequence(key) != sequence)
			r = take(name, into);
		if (r != 0)
			return r;
		memcpy(&order, (const uint8_t *) key.bytes + same, sizeof order);
		order = be64toh(order);
		if (order == UINT64_MAX)
			return 0;
		key = make_key(bytes, address, order + 1);
	}
	return r == -ENOENT ? 0 : r;
}

/* One is enough: any number of machines may claim an address. */
static int stop_at_other(struct value name, void *into)
{
	(void) name;
	(void) into;
	return 1;
}

int address_index_contest(struct transaction *t, uint64_t sequence,
			  struct machine_address *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct machine_address *address = &addresses[i];
		int r = 0;

		if (is_held(address))
			r = walk_others(t, DB_ADDRESSES, address, sequence, stop_at_other, NULL);
		if (r == 0 && is_held(address))
			r = walk_others(t, DB_HELD_ADDRESSES, address, sequence, stop_at_other,
					NULL);
		if (r < 0)
			return r;
		address->flags &= (uint8_t) ~ADDRESS_CONTESTED;
		address->flags |= r > 0 ? ADDRESS_CONTESTED : 0;
	}
	return 0;
}

static int note_name(struct value value, void *into)
{
	const char *name = value.bytes;
	struct string_list *names = into;

	if (value.size < 2 || value.size > MACHINE_NAME_SIZE || name[value.size - 1] != '\0')
		return -EUCLEAN;
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return 0;
	return string_list_add(names, name);
}

int address_index_find_rivals(struct transaction *t, const struct machine *m,
			      struct string_list *names)
{
	const struct machine_address *address;
	struct value first = { "", 1 }, name;
	int r = transaction_seek(t, DB_HELD_ADDRESSES, &first, &name);

	/* Mostly no machine holds any. */
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; r == 0 && (address = machine_address(m, i)); i++)
		if (address_is_true(address) || is_held(address))
			r = walk_others(t, DB_HELD_ADDRESSES, address, m->sequence, note_name,
					names);
	return r;
}
