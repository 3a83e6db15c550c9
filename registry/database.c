/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/database.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "registry/address.h"

const char *database_name(enum database database)
{
	static const char *const names[DB_COUNT] = {
		[DB_NAMES] = "name",
		[DB_ADDRESSES] = "address",
		[DB_UIDS] = "uid",
		[DB_GIDS] = "gid",
		[DB_LEADERS] = "leader",
		[DB_UNITS] = "unit",
		[DB_SHADOWED_UIDS] = "uid-shadowed",
		[DB_SHADOWED_GIDS] = "gid-shadowed",
		[DB_HELD_ADDRESSES] = "address-held",
	};

	return names[database];
}

size_t address_key(uint8_t key[static ADDRESS_KEY_SIZE], int family, const uint8_t *bytes,
		   uint64_t order)
{
	size_t length = address_length(family);

	key[0] = family == AF_INET ? 4 : 6;
	memcpy(key + 1, bytes, length);
	order = htobe64(order);
	memcpy(key + 1 + length, &order, sizeof order);
	return 1 + length + sizeof order;
}

size_t unit_key(uint8_t key[static UNIT_KEY_SIZE], const char *unit, uint64_t sequence)
{
	size_t length = strlen(unit) + 1;

	memcpy(key, unit, length);
	sequence = htobe64(sequence);
	memcpy(key + length, &sequence, sizeof sequence);
	return length + sizeof sequence;
}

size_t id_owner_encode(const struct id_owner *owner, uint8_t bytes[static ID_OWNER_SIZE])
{
	struct wire_writer w = { .at = bytes, .end = bytes + ID_OWNER_SIZE };

	wire_put_u32(&w, owner->first);
	wire_put_u32(&w, owner->inner);
	wire_put_u64(&w, owner->sequence);
	wire_put(&w, owner->name, strlen(owner->name) + 1);
	return (size_t) (w.at - bytes);
}

int id_owner_decode(struct value key, struct value value, struct id_owner *owner)
{
	const uint8_t *k = key.bytes, *v = value.bytes;
	struct wire_reader key_reader = { .at = k, .end = k + key.size };
	struct wire_reader r = { .at = v, .end = v + value.size };
	struct id_owner o = { .last = be32toh(wire_get_u32(&key_reader)) };
	size_t size;

	o.first = wire_get_u32(&r);
	o.inner = wire_get_u32(&r);
	o.sequence = wire_get_u64(&r);
	size = (size_t) (r.end - r.at);
	o.name = wire_take(&r, size);
	if (r.failed || key_reader.failed || key_reader.at != key_reader.end || o.first > o.last ||
	    size < 2 || size > MACHINE_NAME_SIZE || o.name[size - 1] != '\0')
		return -EUCLEAN;
	*owner = o;
	return 0;
}
