/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/target.h"

#include "host/process.h"
#include "registry/lookup.h"

#include <string.h>

int call_target_open(struct call_target *target, const char *name, struct failure *f)
{
	*target = (struct call_target){ 0 };
	if (strcmp(name, ".host") == 0) {
		target->is_host = true;
		target->name = ".host";
		return 0;
	}
	if (registry_open(&target->snapshot, f) < 0 ||
	    machine_find(&target->snapshot, name, &target->machine, f) < 0)
		return -1;
	target->name = target->machine.name;
	return 0;
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
