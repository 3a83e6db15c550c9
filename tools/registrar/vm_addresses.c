/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/vm_addresses.h"

#include "base/cleanup.h"
#include "host/leases.h"
#include "host/reach.h"

#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

struct result {
	const struct vm_interfaces *vm;
	struct reach reach;
	struct machine_address *items; /* of MACHINE_ADDRESSES_MAX */
	size_t count;
};

static bool is_leased_to(const struct vm_interfaces *vm, uint32_t segment,
			 const struct lease *lease)
{
	return lease->has_hardware && !lease_has_expired(lease) &&
	       vm_is_at(vm, segment, &lease->hardware);
}

static bool is_lease_of(const struct lease *lease, const struct machine_address *address)
{
	return lease->family == address->family &&
	       memcmp(lease->bytes, address->bytes, sizeof lease->bytes) == 0;
}

/*
 * The kernel remembers neighbours long after they have gone. Leases are more
 * reliable: for an address that is or was leased, and for all IPv4 addresses
 * of a VM that has a lease.
 */
static bool is_contradicted(const struct vm_interfaces *vm, const struct leases *leases,
			    uint32_t segment, const struct machine_address *address)
{
	bool has_other = false;

	for (size_t i = 0; i < leases->count; i++) {
		const struct lease *lease = &leases->items[i];
		bool is_own = is_leased_to(vm, segment, lease);

		if (is_lease_of(lease, address) && lease->has_hardware)
			return !is_own;
		has_other |= is_own && lease->family == AF_INET;
	}
	return has_other && address->family == AF_INET;
}

static void add_address(struct result *result, const struct machine_address *address)
{
	for (size_t i = 0; i < result->count; i++)
		if (address_equal(&result->items[i], address))
			return;
	addresses_insert(result->items, &result->count, MACHINE_ADDRESSES_MAX, address);
}

/*
 * A neighbour has the VM's hardware address, so that only a bridge that has seen
 * this at another port contradicts it, or a route that leads elsewhere.
 */
static void add_neighbour(struct result *result, const struct machine_address *neighbour)
{
	struct machine_address address = *neighbour;

	address.flags = reach_judge(&result->reach, &address, NULL, true);
	add_address(result, &address);
}

static void add_leased(struct result *result, uint32_t segment, const struct lease *lease)
{
	struct machine_address address = { .family = lease->family,
					   .flags = ADDRESS_LEASED,
					   .host_interface = segment };

	memcpy(address.bytes, lease->bytes, sizeof address.bytes);
	address.scope = address_scope(lease->family, lease->bytes);
	address.flags |= reach_judge(&result->reach, &address, NULL, true);
	add_address(result, &address);
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
		if (is_leased_to(result->vm, segment, &leases.items[i]))
			add_leased(result, segment, &leases.items[i]);
	for (size_t i = 0; i < n_neighbours; i++)
		if (neighbours[i].host_interface == segment &&
		    !is_contradicted(result->vm, &leases, segment, &neighbours[i]))
			add_neighbour(result, &neighbours[i]);
}

int vm_addresses(const struct vm_interfaces *vm, struct host_view *view, struct arena *arena,
		 const struct machine_address **addresses)
{
	CLEANUP_FREE struct machine_address *neighbours = NULL;
	int n = vm_interfaces_read_neighbours(vm, &neighbours);
	struct result result = { .vm = vm, .reach.view = view };
	uint32_t *ends;

	if (n < 0 || vm->n_ports == 0)
		return n;
	result.items = arena_alloc(arena, MACHINE_ADDRESSES_MAX * sizeof *result.items);
	ends = arena_alloc(arena, vm->n_ports * sizeof *ends);
	for (size_t i = 0; i < vm->n_ports; i++)
		ends[i] = vm->ports[i].index;
	result.reach.ends = ends;
	result.reach.n_ends = vm->n_ports;
	for (size_t i = 0; i < vm->n_ports; i++)
		add_segment(&result, vm->ports[i].stands_for, neighbours, (size_t) n);
	*addresses = result.items;
	return (int) result.count;
}
