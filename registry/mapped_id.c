/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/mapped_id.h"

#include <errno.h>
#include <string.h>

int mapped_id_parse(enum id_kind kind, const char *name, struct mapped_id *id)
{
	const char *prefix = kind == ID_UID ? MACHINE_USER_PREFIX : MACHINE_GROUP_PREFIX;

	return user_name_parse(name, prefix, id->machine, &id->inner) < 0 ? -ENOENT : 0;
}

int mapped_id_find(struct snapshot *snapshot, enum id_kind kind, struct mapped_id *id)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine m;
	int r;

	if (machine_name_fold(id->machine, folded) == 0)
		return -ENOENT;
	r = snapshot_find_name(snapshot, folded, &m);
	if (r < 0)
		return r;
	/* Neither an alias nor another case: a user has one name. */
	if (strcmp(m.name, id->machine) != 0)
		return -ENOENT;
	r = idmap_to_outer(kind == ID_UID ? &m.uids : &m.gids, id->inner, &id->outer);
	if (r < 0 || !idmap_pair_has_name(id->inner, id->outer))
		return -ENOENT;
	return 0;
}

bool host_id_can_be_mapped(uint32_t outer)
{
	return outer >= IDMAP_HOST_MIN && outer != UINT32_MAX;
}

int mapped_id_in_range(const struct id_range *range, uint32_t outer, struct mapped_id *id)
{
	if (!*range->name)
		return -ENOENT;
	id->outer = outer;
	id->inner = range->inner + (outer - range->first);
	strcpy(id->machine, range->name);
	return idmap_pair_has_name(id->inner, outer) ? 0 : -ENOENT;
}
