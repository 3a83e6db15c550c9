/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/discovery.h"

#include "registry/cleanup.h"
#include "registry/network.h"
#include "tools/guest_addresses.h"
#include "tools/message.h"

#include <errno.h>
#include <inttypes.h>

/* A fact that couldn't be read: what was known of it stays. */
static void miss(struct discovery *d, unsigned int fact, const char *what, int error)
{
	d->unread |= fact;
	d->misses[d->n_misses].what = what;
	d->misses[d->n_misses++].error = error;
}

static void discover_idmap(struct discovery *d, struct arena *arena, enum id_kind kind)
{
	struct idmap *map = kind == ID_UID ? &d->found.uids : &d->found.gids;
	struct idmap_extent extents[IDMAP_EXTENTS_MAX];
	int n = process_read_idmap(d->found.leader.pid, kind, extents);

	if (n < 0) {
		miss(d, kind == ID_UID ? MACHINE_GIVEN_UID_MAP : MACHINE_GIVEN_GID_MAP,
		     kind == ID_UID ? "its uid map" : "its gid map", n);
		return;
	}
	map->extents = arena_copy(arena, extents, (size_t) n * sizeof *extents);
	map->count = (size_t) n;
}

static void discover_unit(struct discovery *d, struct arena *arena,
			  const struct cgroup_hierarchy *cgroups)
{
	uint32_t pid = d->found.leader.pid;
	char unit[UNIT_NAME_SIZE];
	int r = cgroups ? process_read_unit(cgroups, pid, unit) : -ENOENT;

	d->unit_is_shared = r == 0 && process_unit_is_shared(cgroups, pid, unit);
	if (r == 0 && !d->unit_is_shared)
		d->found.unit = arena_strdup(arena, unit);
	else if (r < 0 && r != -ENOENT)
		miss(d, MACHINE_GIVEN_UNIT, "its cgroup", r);
}

static void discover_root(struct discovery *d, struct arena *arena)
{
	char path[PATH_MAX];
	int r = process_read_root(d->found.leader.pid, path);

	if (r == 0)
		d->found.root_directory = arena_strdup(arena, path);
	else if (r != -ENOENT)
		miss(d, MACHINE_GIVEN_ROOT, "its root directory", r);
}

/* 0, or -ENOTRECOVERABLE: from there on, everything else would be looked for in that namespace. */
static int discover_network(struct discovery *d, struct arena *arena, const char *subject,
			    int pidfd)
{
	CLEANUP(machine_network_done) struct machine_network network = { 0 };
	struct machine *found = &d->found;
	int r = machine_network_read(pidfd, found->leader.pid, &network);

	if (r < 0) {
		miss(d, UNREAD_NETWORK, "its addresses", r);
		return r == -ENOTRECOVERABLE ? r : 0;
	}
	if (network.n_left_out)
		complain("%s: has more than %d addresses; %zu are left out", subject,
			 MACHINE_ADDRESSES_MAX, network.n_left_out);
	found->addresses = arena_copy(arena, network.addresses,
				      network.n_addresses * sizeof *network.addresses);
	found->n_addresses = network.n_addresses;
	found->interfaces = arena_copy(arena, network.interfaces,
				       network.n_interfaces * sizeof *network.interfaces);
	found->n_interfaces = network.n_interfaces;
	return 0;
}

/* Of a VM: what the host sees of its network. */
static void discover_guest(struct discovery *d, struct arena *arena, const struct machine *expected)
{
	CLEANUP(guest_done) struct guest guest = { 0 };
	struct machine *found = &d->found;
	struct machine_interface *interfaces;
	int r = guest_find(found->leader.pid, expected->interfaces, expected->n_interfaces, &guest);

	if (r >= 0)
		r = guest_addresses(&guest, arena, &found->addresses);
	if (r == -ENOENT) {
		/* Its files have gone before its last thread, as it dies: what was known stays. */
		d->unread |= UNREAD_NETWORK;
		return;
	}
	if (r < 0) {
		miss(d, UNREAD_NETWORK, "its addresses", r);
		return;
	}
	found->n_addresses = (size_t) r;
	interfaces = arena_alloc(arena, guest.n_ports * sizeof *interfaces);
	for (size_t i = 0; i < guest.n_ports; i++)
		interfaces[i].index = guest.ports[i].index;
	found->interfaces = interfaces;
	found->n_interfaces = guest.n_ports;
}

int discover(struct discovery *d, struct arena *arena, const char *subject, int64_t pid,
	     const struct machine *expected, const struct cgroup_hierarchy *cgroups)
{
	CLEANUP_CLOSE int pidfd = -1;
	int r = 0;

	*d = (struct discovery){ .class = expected->class };
	d->verdict = leader_inspect(pid, &d->found.leader, &pidfd);
	if (d->verdict != LEADER_OK)
		return 0;
	discover_unit(d, arena, cgroups);
	if (expected->class == MACHINE_VM) {
		discover_guest(d, arena, expected);
	} else {
		discover_idmap(d, arena, ID_UID);
		discover_idmap(d, arena, ID_GID);
		discover_root(d, arena);
		r = discover_network(d, arena, subject, pidfd);
	}
	/* What was read might be of another process with its pid. */
	if (!leader_is_running(pidfd))
		d->verdict = LEADER_ABSENT;
	return r < 0 ? -1 : 0;
}
