/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of ps(1), with names where it has numbers. */
#include "base/cleanup.h"
#include "base/format.h"
#include "base/number.h"
#include "tools/verbs/ps_listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

/* Of a command line, whoever runs it chooses the length; a host may have very many of them. */
#define PART_SIZE_MAX ((size_t) 32 * 1024)

/*
 * Where the terminal's columns begin in a line: bytes of UTF-8 and wide
 * characters are not columns. `offsets` has room for the bytes and one more.
 */
static size_t find_columns(const char *line, size_t *offsets)
{
	mbstate_t state = { 0 };
	size_t columns = 0, at = 0;

	while (line[at]) {
		wchar_t wide;
		size_t length = mbrtowc(&wide, line + at, MB_CUR_MAX, &state);
		int width = 1;

		if (length == 0 || length > MB_CUR_MAX) {
			state = (mbstate_t){ 0 };
			length = 1;
		} else {
			width = wcwidth(wide);
		}
		for (int i = 0; i < width; i++)
			offsets[columns++] = at;
		at += length;
	}
	offsets[columns] = at;
	return columns;
}

/* The header tells where the places end: numbers are flush right. */
static void read_header(struct listing *l, const char *line)
{
	const char *at = line;

	for (size_t i = 0; i < l->n_places; i++) {
		at = strstr(at, l->places[i].marker);
		if (!at)
			return;
		at += strlen(l->places[i].marker);
		l->places[i].end = (size_t) (at - line);
	}
}

/* A process that has ended since ps saw it is where its parent is. */
static const char *find_machine_of(struct listing *l, uint32_t pid, const char *parent)
{
	char path[sizeof "/proc/4294967295"];
	struct machine m;

	if (!l->membership.snapshot->is_open)
		return HOST_MACHINE;
	if (membership_find(&l->membership, pid, &m) == 0)
		return m.name;
	snprintf(path, sizeof path, "/proc/%u", pid);
	if (access(path, F_OK) == 0)
		return HOST_MACHINE;
	if (id_parse(parent, &pid) == 0 && membership_find(&l->membership, pid, &m) == 0)
		return m.name;
	return UNKNOWN_MACHINE;
}

static const char *machine_of(struct listing *l, const char *number, const char *parent)
{
	uint32_t pid;

	/* "-": a thread's line under its process's. */
	if (id_parse(number, &pid) == 0 && (pid != l->last_pid || !l->last_machine)) {
		l->last_pid = pid;
		l->last_machine = find_machine_of(l, pid, parent);
	}
	return l->last_machine ? l->last_machine : UNKNOWN_MACHINE;
}

/* The name to show for a number; cut as ps(1) cuts names, if a width was given. */
static const char *name_of(struct listing *l, const struct place *place, const struct row *row,
			   const char *number)
{
	const char *name = number;
	uint32_t id;

	if (place->kind == PLACE_MACHINE)
		name = row->machine;
	else if (!l->options.numeric && id_parse(number, &id) == 0)
		name = id_names_find(&l->names, place->kind == PLACE_USER ? ID_UID : ID_GID, id);
	return place->given_width && strlen(name) > place->given_width
		       ? arena_printf(&l->arena, "%.*s+", (int) place->given_width - 1, name)
		       : name;
}

/* The numbers at the beginning of a line; NULL if these aren't there. */
static const char **read_numbers(struct listing *l, const char *line)
{
	size_t count = NUMBER_PLACES + l->n_places;
	const char **numbers = arena_alloc(&l->arena, count * sizeof *numbers);

	if (strlen(line) < count * (NUMBER_WIDTH + 1) - 1)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *field = line + i * (NUMBER_WIDTH + 1);
		size_t blanks = strspn(field, " ");

		if (blanks >= NUMBER_WIDTH)
			return NULL;
		numbers[i] = arena_printf(&l->arena, "%.*s", (int) (NUMBER_WIDTH - blanks),
					  field + blanks);
	}
	return numbers;
}

static bool is_word_at(const char *line, size_t at, const char *word)
{
	size_t length = strlen(word);

	return (at == 0 || line[at - 1] == ' ') && strncmp(line + at, word, length) == 0 &&
	       (line[at + length] == ' ' || !line[at + length]);
}

/*
 * The column at which the number begins that should end at column `end`, or
 * that wider columns have pushed on from there.
 */
static size_t find_number(const char *line, const size_t *offsets, size_t columns, size_t from,
			  size_t end, const char *number)
{
	size_t length = strlen(number);

	if (end >= from + length && is_word_at(line, offsets[end - length], number))
		return end - length;
	for (size_t at = from; at < columns; at++)
		if (is_word_at(line, offsets[at], number))
			return at;
	return end;
}

/* From the byte after one place to the number in the next, without the blanks of that. */
static const char *between(struct listing *l, const char *line, size_t from, size_t place,
			   size_t number)
{
	size_t end = number;

	/* Columns that were too wide for theirs have pushed into the place. */
	while (end > place && line[end - 1] == ' ')
		end--;
	return arena_printf(&l->arena, "%.*s%s", (int) (end - from), line + from,
			    end > place ? " " : "");
}

/* How much of a text between two columns can be shown, in bytes. */
static size_t shown_size(const struct listing *l, const char *line, const size_t *offsets,
			 size_t from, size_t to)
{
	size_t size;

	if (l->line_width && to - from > l->line_width)
		to = from + l->line_width;
	size = offsets[to] - offsets[from];
	return size > PART_SIZE_MAX ? utf8_whole(line + offsets[from], PART_SIZE_MAX) : size;
}

/* `numbers` are those of the places. */
static struct row cut_row(struct listing *l, const char *line, const char **numbers)
{
	/* A byte is one column at most, or there are two for at least three bytes. */
	CLEANUP_FREE size_t *offsets = calloc(strlen(line) + 1, sizeof *offsets);
	struct row row = { .parts = arena_alloc(&l->arena, (l->n_places + 1) * sizeof *row.parts),
			   .names = numbers };
	size_t columns, from = 0;

	if (!offsets)
		arena_out_of_memory();
	columns = find_columns(line, offsets);
	for (size_t i = 0; i < l->n_places; i++) {
		size_t end = l->places[i].end < columns ? l->places[i].end : columns;
		size_t place = end > PLACE_WIDTH ? end - PLACE_WIDTH : 0;
		size_t number = find_number(line, offsets, columns, from, end, numbers[i]);
		size_t size;

		if (place < from)
			place = from;
		if (place > number)
			place = number;
		size = shown_size(l, line, offsets, from, number);
		row.parts[i] =
			size < offsets[number] - offsets[from]
				? arena_printf(&l->arena, "%.*s ", (int) size, line + offsets[from])
				: between(l, line, offsets[from], offsets[place], offsets[number]);
		from = number + strlen(numbers[i]) < columns ? number + strlen(numbers[i])
							     : columns;
	}
	row.parts[l->n_places] =
		arena_printf(&l->arena, "%.*s", (int) shown_size(l, line, offsets, from, columns),
			     line + offsets[from]);
	return row;
}

/* The numbers of a row become names. */
static void name_row(struct listing *l, struct row *row)
{
	for (size_t i = 0; i < l->n_places; i++)
		row->names[i] = row->machine ? name_of(l, &l->places[i], row, row->names[i])
					     : l->places[i].header;
}

/* `machine` is the row's, or NULL for a header. */
static bool is_wanted(const struct listing *l, const char *machine)
{
	if (!machine)
		return l->has_headers && !l->options.no_headers;
	for (size_t i = 0; i < l->options.n_machines; i++)
		if (strcmp(l->options.machines[i], machine) == 0)
			return true;
	return l->options.n_machines == 0;
}

void listing_add_line(struct listing *l, const char *line)
{
	const char **numbers = read_numbers(l, line);
	bool is_header = numbers && strcmp(numbers[NUMBER_PID], NUMBER_MARKER) == 0;
	const char *machine = NULL;
	struct row row;

	if (!numbers)
		return;
	line += (NUMBER_PLACES + l->n_places) * (NUMBER_WIDTH + 1);
	if (is_header) {
		read_header(l, line);
		for (size_t i = 0; i < l->n_places; i++)
			numbers[NUMBER_PLACES + i] = l->places[i].marker;
	} else {
		machine = machine_of(l, numbers[NUMBER_PID], numbers[NUMBER_PARENT]);
	}
	if (!is_wanted(l, machine))
		return;
	row = cut_row(l, line, numbers + NUMBER_PLACES);
	row.machine = machine;
	name_row(l, &row);
	for (size_t i = 0; i < l->n_places; i++)
		if (strlen(row.names[i]) > l->places[i].width)
			l->places[i].width = strlen(row.names[i]);
	l->n_processes += !is_header;
	l->rows = arena_grow(&l->arena, l->rows, l->n_rows, sizeof row);
	l->rows[l->n_rows++] = row;
}

/* How much of a line is shown, as ps(1) decides it. 0: all. */
static size_t line_width(const struct ps_options *o)
{
	const char *columns = getenv("COLUMNS");
	struct winsize window;

	size_t width = 0;

	if (o->width)
		return o->width;
	if (columns && atoi(columns) > 0)
		width = (size_t) atoi(columns);
	else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0)
		width = window.ws_col;
	if (o->wide == 1 && width)
		width = width > 132 ? width : 132;
	return o->wide > 1 ? 0 : width;
}

static void print_row(const struct listing *l, const struct row *row, size_t width)
{
	/* Of this row alone: all of them may be long. */
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP_FREE size_t *offsets = NULL;
	const char *line = row->parts[0];

	for (size_t i = 0; i < l->n_places; i++) {
		const char *next = row->parts[i + 1];

		/* No blanks after the last column. */
		line = arena_printf(&arena, "%s%-*s%s", line,
				    *next || i + 1 < l->n_places ? (int) l->places[i].width : 0,
				    row->names[i], next);
	}
	if (width && strlen(line) > width) {
		offsets = calloc(strlen(line) + 1, sizeof *offsets);
		if (!offsets)
			arena_out_of_memory();
		if (find_columns(line, offsets) > width)
			line = arena_printf(&arena, "%.*s", (int) offsets[width], line);
	}
	puts(line);
}

void listing_find_width(struct listing *l)
{
	l->line_width = line_width(&l->options);
}

void listing_print(struct listing *l)
{
	for (size_t i = 0; i < l->n_rows; i++)
		print_row(l, &l->rows[i], l->line_width);
}
