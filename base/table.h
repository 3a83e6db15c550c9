/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A table with columns as wide as their contents, as machinectl(1) prints them. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table {
	struct arena *arena;
	size_t n_columns;
	const char **cells; /* by rows, the header first; in the arena */
	size_t n_cells;
};

/* Begin a table. `header` has the title of each column. */
void table_init(struct table *table, struct arena *arena, const char *const *header,
		size_t n_columns);

/* Add a cell. NULL and "" are shown as "-". A cell may have several lines. */
void table_add(struct table *table, const char *cell);

void table_print(FILE *stream, const struct table *table, bool with_header);
