/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/copy_owners.h"

#include "host/process.h"

/* The id that a user namespace shows for all that it doesn't map: user_namespaces(7). */
#define OVERFLOW_ID 65534

int copy_owners_read(struct copy_owners *owners, uint32_t leader)
{
	int uids = process_read_idmap(NULL, leader, ID_UID, owners->uids);
	int gids = uids < 0 ? uids : process_read_idmap(NULL, leader, ID_GID, owners->gids);

	if (gids < 0)
		return gids;
	owners->n_uids = (size_t) uids;
	owners->n_gids = (size_t) gids;
	return 0;
}

/* Translate a host's id. Whether it is the same user or group there; the host's root counts as root. */
static bool id_to_inner(const struct idmap_extent *extents, size_t count, uint32_t *id)
{
	const struct idmap map = { extents, count };
	uint32_t outer = *id;

	if (idmap_is_identity(&map) || idmap_to_inner(&map, outer, id) == 0)
		return true;
	*id = 0;
	return outer == 0;
}

static void id_to_outer(const struct idmap_extent *extents, size_t count, uint32_t *id)
{
	const struct idmap map = { extents, count };

	if (!idmap_is_identity(&map) && (*id == OVERFLOW_ID || idmap_to_outer(&map, *id, id) < 0))
		*id = 0;
}

void copy_owners_to_machine(struct copy_entry *entry, const void *argument)
{
	const struct copy_owners *owners = argument;

	if (!id_to_inner(owners->uids, owners->n_uids, &entry->uid))
		entry->mode &= ~(uint32_t) S_ISUID;
	if (!id_to_inner(owners->gids, owners->n_gids, &entry->gid))
		entry->mode &= ~(uint32_t) S_ISGID;
}

void copy_owners_from_machine(struct copy_entry *entry, const void *argument)
{
	const struct copy_owners *owners = argument;

	id_to_outer(owners->uids, owners->n_uids, &entry->uid);
	id_to_outer(owners->gids, owners->n_gids, &entry->gid);
	entry->mode &= ~(uint32_t) (S_ISUID | S_ISGID);
}
