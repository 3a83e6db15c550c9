/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where files with several names have been copied to, by their identity. All zero is empty. */
#pragma once

#include "base/arena.h"
#include "base/file_identity.h"

#include <stddef.h>

struct link_table {
	struct link_table_item *items;
	size_t count, size; /* a power of two, or 0 */
};

/* Add a path, which is copied to the arena. */
void link_table_add(struct link_table *table, struct arena *arena, struct file_identity identity,
		    const char *path);

/* The path, or NULL. */
const char *link_table_find(const struct link_table *table, struct file_identity identity);
