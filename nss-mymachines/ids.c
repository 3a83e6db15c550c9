/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nss-mymachines/ids.h"

#include "nss-mymachines/memo.h"

#include <errno.h>

int lookup_id_by_name(enum id_kind kind, const char *name, struct mapped_id *found, char *buffer,
		      size_t length)
{
	struct snapshot snapshot;
	int r = mapped_id_parse(kind, name, found);

	if (r < 0)
		return r;
	r = memo_open_registry(&snapshot, (uint8_t *) buffer, length);
	if (r < 0)
		return r;
	r = mapped_id_find(&snapshot, kind, found);
	snapshot_close(&snapshot);
	return r;
}

static int read_range(struct snapshot *s, enum id_kind kind, uint32_t id, struct id_range *range)
{
	int r;

	memo_keep_ranges(s);
	if (memo_find_range(&s->identity, kind, id, range))
		return 0;
	r = snapshot_find_id(s, kind, id, range);
	if (r == 0)
		memo_add_range(s, kind, range);
	return r;
}

static int lookup_range(enum id_kind kind, uint32_t id, struct id_range *range)
{
	struct registry_identity now;
	struct snapshot snapshot;
	int r = registry_stat(REGISTRY_PATH, &now);

	if (r < 0 || memo_find_range(&now, kind, id, range))
		return r;
	r = memo_open_registry(&snapshot, NULL, 0);
	if (r < 0)
		return r;
	r = read_range(&snapshot, kind, id, range);
	snapshot_close(&snapshot);
	/* No buffer helps: a range fits into the window, unless the file is damaged. */
	return r == -ERANGE ? -EUCLEAN : r;
}

int lookup_id(enum id_kind kind, uint32_t outer, struct mapped_id *found)
{
	struct id_range range;
	int r;

	if (!host_id_can_be_mapped(outer))
		return -ENOENT;
	r = lookup_range(kind, outer, &range);
	return r < 0 ? r : mapped_id_in_range(&range, outer, found);
}
