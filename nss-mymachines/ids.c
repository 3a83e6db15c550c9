/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nss-mymachines/ids.h"

#include "nss-mymachines/memo.h"

#include <errno.h>
#include <string.h>

static int find_in_snapshot(struct snapshot *s, enum id_kind kind, struct machine_id *wanted)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine m;
	int r;

	if (machine_name_fold(wanted->machine, folded) == 0)
		return -ENOENT;
	r = snapshot_find_name(s, folded, &m);
	if (r < 0)
		return r;
	/* Neither an alias nor another case: a user has one name. */
	if (strcmp(m.name, wanted->machine) != 0)
		return -ENOENT;
	r = idmap_to_outer(kind == ID_UID ? &m.uids : &m.gids, wanted->inner, &wanted->outer);
	if (r < 0 || !idmap_pair_has_name(wanted->inner, wanted->outer))
		return -ENOENT;
	return 0;
}

int find_named_id(enum id_kind kind, const char *name, struct machine_id *found)
{
	struct snapshot snapshot;
	int r;

	if (user_name_parse(name, kind == ID_UID ? MACHINE_USER_PREFIX : MACHINE_GROUP_PREFIX,
			    found->machine, &found->inner) < 0)
		return -ENOENT;
	r = snapshot_open(&snapshot, REGISTRY_PATH);
	if (r < 0)
		return r;
	r = find_in_snapshot(&snapshot, kind, found);
	snapshot_close(&snapshot);
	return r;
}

static int find_range(enum id_kind kind, uint32_t id, struct id_range *range)
{
	struct registry_identity now;
	struct snapshot snapshot;
	int r = registry_stat(REGISTRY_PATH, &now);

	if (r < 0 || memo_find_range(&now, kind, id, range))
		return r;
	r = snapshot_open(&snapshot, REGISTRY_PATH);
	if (r < 0)
		return r;
	r = snapshot_find_id(&snapshot, kind, id, range);
	if (r == 0)
		memo_add_range(&snapshot.identity, kind, range);
	snapshot_close(&snapshot);
	return r;
}

int find_id(enum id_kind kind, uint32_t outer, struct machine_id *found)
{
	struct id_range range;
	int r;

	if (outer < IDMAP_HOST_MIN || outer == UINT32_MAX)
		return -ENOENT;
	r = find_range(kind, outer, &range);
	if (r < 0)
		return r;
	found->outer = outer;
	found->inner = range.inner + (outer - range.first);
	strcpy(found->machine, range.name);
	return *range.name && idmap_pair_has_name(found->inner, outer) ? 0 : -ENOENT;
}
