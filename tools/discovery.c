/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/discovery.h"

#include "registry/cleanup.h"
#include "registry/network.h"
#include "tools/message.h"

#include <errno.h>
#include <inttypes.h>

/* A fact that couldn't be read: the machine is registered without it. */
static void miss(const char *subject, const char *what, int error)
{
	complain("%s: cannot read %s: %s", subject, what, error_words(error));
}

static void discover_idmap(struct idmap *map, struct arena *arena, const char *subject,
			   uint32_t pid, enum id_kind kind)
{
	struct idmap_extent extents[IDMAP_EXTENTS_MAX];
	int n = process_read_idmap(pid, kind, extents);

	if (n < 0) {
		miss(subject, kind == ID_UID ? "its uid map" : "its gid map", n);
		return;
	}
	map->extents = arena_copy(arena, extents, (size_t) n * sizeof *extents);
	map->count = (size_t) n;
}

static void discover_unit(struct machine *found, struct arena *arena, const char *subject,
			  const struct cgroup_hierarchy *cgroups)
{
	char unit[UNIT_NAME_SIZE];
	int r = cgroups ? process_read_unit(cgroups, found->leader.pid, unit) : -ENOENT;

	if (r == 0 && !process_unit_is_shared(cgroups, found->leader.pid, unit))
		found->unit = arena_strdup(arena, unit);
	else if (r < 0 && r != -ENOENT)
		miss(subject, "its cgroup", r);
}

static void discover_root(struct machine *found, struct arena *arena, const char *subject)
{
	char path[PATH_MAX];
	int r = process_read_root(found->leader.pid, path);

	if (r == 0)
		found->root_directory = arena_strdup(arena, path);
	else if (r != -ENOENT)
		miss(subject, "its root directory", r);
}

static void discover_network(struct machine *found, struct arena *arena, const char *subject,
			     int pidfd)
{
	CLEANUP(machine_network_done) struct machine_network network = { 0 };
	int r = machine_network_read(pidfd, found->leader.pid, &network);

	if (r < 0) {
		miss(subject, "its addresses", r);
		return;
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
}

int discover(struct machine *found, struct arena *arena, const char *subject, int64_t pid,
	     enum machine_class class, const struct cgroup_hierarchy *cgroups)
{
	CLEANUP_CLOSE int pidfd = -1;
	enum leader_verdict verdict;

	*found = (struct machine){ 0 };
	verdict = leader_inspect(pid, &found->leader, &pidfd);
	if (verdict != LEADER_OK) {
		complain("%s: leader %" PRId64 ": %s", subject, pid, leader_words(verdict));
		return -1;
	}
	discover_unit(found, arena, subject, cgroups);
	if (class != MACHINE_VM) {
		discover_idmap(&found->uids, arena, subject, found->leader.pid, ID_UID);
		discover_idmap(&found->gids, arena, subject, found->leader.pid, ID_GID);
		discover_root(found, arena, subject);
		discover_network(found, arena, subject, pidfd);
	}
	if (!leader_is_running(pidfd)) {
		complain("%s: leader %" PRId64 ": died meanwhile", subject, pid);
		return -1;
	}
	return 0;
}
