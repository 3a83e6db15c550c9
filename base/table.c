/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/table.h"

#include "base/format.h"

#include <string.h>

void table_init(struct table *table, struct arena *arena, const char *const *header,
		size_t n_columns)
{
	*table = (struct table){ .arena = arena, .n_columns = n_columns };
	for (size_t i = 0; i < n_columns; i++)
		table_add(table, header[i]);
}

void table_add(struct table *table, const char *cell)
{
	table->cells = arena_grow(table->arena, table->cells, table->n_cells, sizeof *table->cells);
	table->cells[table->n_cells++] = cell && *cell ? cell : "-";
}

static void measure(const struct table *table, size_t first, size_t *widths)
{
	for (size_t i = first; i < table->n_cells; i++) {
		size_t *widest = &widths[i % table->n_columns];

		for (const char *line = table->cells[i];; line += strcspn(line, "\n") + 1) {
			size_t length = strcspn(line, "\n"), width = text_width(line, length);

			if (width > *widest)
				*widest = width;
			if (!line[length])
				break;
		}
	}
}

/*
 * Print one line of a row's cells. `rest` has what is left of each cell. Returns
 * whether anything is left.
 */
static bool print_line(FILE *stream, const struct table *table, const char **rest,
		       const size_t *widths)
{
	bool more = false;

	for (size_t i = 0; i < table->n_columns; i++) {
		size_t length = strcspn(rest[i], "\n");
		size_t padding = widths[i] - text_width(rest[i], length);

		/* No blanks after the last column. */
		fprintf(stream, "%.*s%*s", (int) length, rest[i],
			i + 1 < table->n_columns ? (int) padding + 1 : 0, "");
		rest[i] += length + (rest[i][length] == '\n');
		more = more || *rest[i];
	}
	putc('\n', stream);
	return more;
}

void table_print(FILE *stream, const struct table *table, bool with_header)
{
	size_t first = with_header ? 0 : table->n_columns;
	const char **rest = arena_alloc(table->arena, table->n_columns * sizeof *rest);
	size_t *widths = arena_alloc(table->arena, table->n_columns * sizeof *widths);

	memset(widths, 0, table->n_columns * sizeof *widths);
	measure(table, first, widths);
	for (size_t row = first; row < table->n_cells; row += table->n_columns) {
		for (size_t i = 0; i < table->n_columns; i++)
			rest[i] = table->cells[row + i];
		while (print_line(stream, table, rest, widths))
			;
	}
}
