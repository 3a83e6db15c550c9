/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/describe/id_names.h"

#include <grp.h>
#include <pwd.h>
#include <search.h>
#include <stdlib.h>

struct id_name {
	enum id_kind kind;
	uint32_t id;
	const char *name;
};

static int compare(const void *a, const void *b)
{
	const struct id_name *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static const char *name_of_host(enum id_kind kind, uint32_t id)
{
	if (kind == ID_UID) {
		const struct passwd *user = getpwuid(id);

		return user ? user->pw_name : NULL;
	}
	const struct group *group = getgrgid(id);

	return group ? group->gr_name : NULL;
}

/* The name that the NSS module would answer: nss-mymachines(8). */
static const char *name_of_machine(struct id_names *names, enum id_kind kind, uint32_t id)
{
	struct id_range range;
	uint32_t inner;

	if (!names->snapshot->is_open || id < IDMAP_HOST_MIN ||
	    snapshot_find_id(names->snapshot, kind, id, &range) < 0 || !*range.name)
		return NULL;
	inner = range.inner + (id - range.first);
	return idmap_pair_has_name(inner, id)
		       ? arena_printf(names->arena, "%s%s-%u",
				      kind == ID_UID ? MACHINE_USER_PREFIX : MACHINE_GROUP_PREFIX,
				      range.name, inner)
		       : NULL;
}

const char *id_names_find(struct id_names *names, enum id_kind kind, uint32_t id)
{
	struct id_name key = { .kind = kind, .id = id }, *added;
	struct id_name **found = tfind(&key, &names->found, compare);

	if (found)
		return (*found)->name;
	/* Ask the registry first: that is one look-up, and NSS would answer the same. */
	key.name = name_of_machine(names, kind, id);
	if (!key.name)
		key.name = name_of_host(kind, id);
	added = arena_copy(names->arena, &key, sizeof key);
	added->name = key.name ? arena_strdup(names->arena, key.name)
			       : arena_printf(names->arena, "%u", id);
	if (!tsearch(added, &names->found, compare))
		arena_out_of_memory();
	return added->name;
}

/* The arena frees the names. */
static void keep(void *node)
{
	(void) node;
}

void id_names_done(struct id_names *names)
{
	tdestroy(names->found, keep);
	names->found = NULL;
}
