/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/target.h"

#include "host/process.h"
#include "registry/lookup.h"

#include <string.h>

static bool find_host(struct call_target *target, const char *name)
{
	*target = (struct call_target){ 0 };
	target->is_host = strcmp(name, ".host") == 0;
	if (target->is_host)
		target->name = ".host";
	return target->is_host;
}

static int find_name(struct call_target *target, const char *name, struct failure *f)
{
	if (machine_find(&target->snapshot, name, &target->machine, f) < 0)
		return -1;
	target->name = target->machine.name;
	return 0;
}

int call_target_open(struct call_target *target, const char *name, struct failure *f)
{
	if (find_host(target, name))
		return 0;
	return registry_open(&target->snapshot, f) < 0 ? -1 : find_name(target, name, f);
}

int call_target_find(struct call_target *target, const struct snapshot *registry, const char *name,
		     struct failure *f)
{
	if (find_host(target, name))
		return 0;
	target->snapshot = *registry;
	return find_name(target, name, f);
}

void call_target_close(struct call_target *target)
{
	snapshot_close(&target->snapshot);
}

bool call_target_has_private_network(const struct call_target *target)
{
	return call_target_is_container(target) &&
	       process_shares_namespace(NULL, target->machine.leader.pid, NAMESPACE_NETWORK) == 0;
}

bool call_target_is_container(const struct call_target *target)
{
	return !target->is_host && target->machine.class == MACHINE_CONTAINER;
}

bool call_target_uid_shift(const struct call_target *target, uint32_t *shift)
{
	const struct idmap *uids = &target->machine.uids, *gids = &target->machine.gids;

	/* The host has no maps. */
	if (uids->count > 1 || gids->count > 1 || uids->count != gids->count ||
	    (uids->count && (uids->extents[0].inner != 0 ||
			     memcmp(uids->extents, gids->extents, sizeof *uids->extents) != 0)))
		return false;
	*shift = uids->count ? uids->extents[0].outer : 0;
	return true;
}
