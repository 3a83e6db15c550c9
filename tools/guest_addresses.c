/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/guest_addresses.h"

#include "registry/cleanup.h"
#include "tools/leases.h"

#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

struct result {
	const struct guest *guest;
	struct machine_address *items; /* of MACHINE_ADDRESSES_MAX */
	size_t count;
};

static bool is_leased_to(const struct guest *guest, uint32_t segment, const struct lease *lease)
{
	return lease->has_hardware && !lease_has_expired(lease) &&
	       guest_is_at(guest, segment, &lease->hardware);
}

static bool same_address(const struct lease *lease, const struct machine_address *address)
{
	return lease->family == address->family &&
	       memcmp(lease->bytes, address->bytes, sizeof lease->bytes) == 0;
}

/*
 * A neighbour may be in the host's memory for long after it has gone, and the
 * leases know better: of an address that is or was leased, and of all IPv4
 * addresses of a guest that has a lease.
 */
static bool is_contradicted(const struct guest *guest, const struct leases *leases,
			    uint32_t segment, const struct machine_address *address)
{
	bool has_other = false;

	for (size_t i = 0; i < leases->count; i++) {
		const struct lease *lease = &leases->items[i];
		bool is_its = is_leased_to(guest, segment, lease);

		if (same_address(lease, address) && lease->has_hardware)
			return !is_its;
		has_other |= is_its && lease->family == AF_INET;
	}
	return has_other && address->family == AF_INET;
}

static void add(struct result *result, const struct machine_address *address)
{
	for (size_t i = 0; i < result->count; i++)
		if (address_equal(&result->items[i], address))
			return;
	addresses_insert(result->items, &result->count, MACHINE_ADDRESSES_MAX, address);
}

static void add_leased(struct result *result, uint32_t segment, const struct lease *lease)
{
	struct machine_address address = { .family = lease->family, .host_interface = segment };

	memcpy(address.bytes, lease->bytes, sizeof address.bytes);
	address.scope = address_scope(lease->family, lease->bytes);
	add(result, &address);
}

static void add_segment(struct result *result, uint32_t segment,
			const struct machine_address *neighbours, size_t n_neighbours)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct leases leases = { 0 };
	char name[IF_NAMESIZE];

	if (if_indextoname(segment, name))
		leases_read(&leases, &arena, name);
	for (size_t i = 0; i < leases.count; i++)
		if (is_leased_to(result->guest, segment, &leases.items[i]))
			add_leased(result, segment, &leases.items[i]);
	for (size_t i = 0; i < n_neighbours; i++)
		if (neighbours[i].host_interface == segment &&
		    !is_contradicted(result->guest, &leases, segment, &neighbours[i]))
			add(result, &neighbours[i]);
}

int guest_addresses(const struct guest *guest, struct arena *arena,
		    const struct machine_address **addresses)
{
	CLEANUP_FREE struct machine_address *neighbours = NULL;
	int n = guest_read_neighbours(guest, &neighbours);
	struct result result = { .guest = guest };

	if (n < 0 || guest->n_ports == 0)
		return n;
	result.items = arena_alloc(arena, MACHINE_ADDRESSES_MAX * sizeof *result.items);
	for (size_t i = 0; i < guest->n_ports; i++)
		add_segment(&result, guest->ports[i].stands_for, neighbours, (size_t) n);
	*addresses = result.items;
	return (int) result.count;
}
