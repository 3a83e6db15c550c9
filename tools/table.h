/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table on stdout, its columns as wide as they need to be, as machinectl(1) prints them. */
#pragma once

#include "tools/arena.h"

#include <stdbool.h>
#include <stddef.h>

#define TABLE_COLUMNS_MAX 8

struct table {
	struct arena *arena;
	size_t n_columns;
	const char **cells; /* by rows, the header first; borrowed from the arena */
	size_t n_cells;
};

/* `header` has a title for each column. */
void table_init(struct table *table, struct arena *arena, const char *const *header,
		size_t n_columns);

/* NULL or an empty text is shown as "-". A cell may have several lines. */
void table_add(struct table *table, const char *cell);

void table_print(const struct table *table, bool with_header);
