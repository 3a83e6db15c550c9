/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/link_table.h"

#include <stdbool.h>
#include <stdint.h>

struct link_table_item {
	struct file_identity identity;
	const char *path; /* NULL: there is none here */
};

/* Where an item is, or belongs. The table is never full. */
static struct link_table_item *find_place(const struct link_table *table,
					  struct file_identity identity)
{
	uint64_t hash =
		((uint64_t) identity.inode ^ (uint64_t) identity.device << 40) * 0x9e3779b97f4a7c15;
	size_t i = (size_t) (hash >> 32) & (table->size - 1);

	while (table->items[i].path && !file_identities_equal(table->items[i].identity, identity))
		i = (i + 1) & (table->size - 1);
	return &table->items[i];
}

/* Twice as large. The former items stay in the arena: as much memory again, and no more. */
static void grow(struct link_table *table, struct arena *arena)
{
	struct link_table former = *table;

	table->size = former.size ? former.size * 2 : 64;
	table->items = arena_alloc(arena, table->size * sizeof *table->items);
	for (size_t i = 0; i < former.size; i++)
		if (former.items[i].path)
			*find_place(table, former.items[i].identity) = former.items[i];
}

void link_table_add(struct link_table *table, struct arena *arena, struct file_identity identity,
		    const char *path)
{
	if (table->count >= table->size / 2)
		grow(table, arena);
	*find_place(table, identity) =
		(struct link_table_item){ identity, arena_strdup(arena, path) };
	table->count++;
}

const char *link_table_find(const struct link_table *table, struct file_identity identity)
{
	return table->size ? find_place(table, identity)->path : NULL;
}
