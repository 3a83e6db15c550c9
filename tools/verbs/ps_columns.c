/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which columns ps(1) is asked for. */
#include "base/array_size.h"
#include "tools/verbs/ps_listing.h"

#include <stdlib.h>
#include <string.h>

/* A column of names: what ps calls it, the column of numbers to ask for, and its header. */
static const struct name_column {
	const char *name;
	const char *number;
	const char *header;
	enum place_kind kind;
} name_columns[] = {
	/* clang-format off */
	{ "machine", "pid", "MACHINE", PLACE_MACHINE },
	{ "user", "euid", "USER", PLACE_USER },
	{ "uname", "euid", "USER", PLACE_USER },
	{ "euser", "euid", "EUSER", PLACE_USER },
	{ "uid_hack", "euid", "UID", PLACE_USER },
	{ "ruser", "ruid", "RUSER", PLACE_USER },
	{ "suser", "suid", "SUSER", PLACE_USER },
	{ "fuser", "fuid", "FUSER", PLACE_USER },
	{ "group", "egid", "GROUP", PLACE_GROUP },
	{ "egroup", "egid", "EGROUP", PLACE_GROUP },
	{ "rgroup", "rgid", "RGROUP", PLACE_GROUP },
	{ "sgroup", "sgid", "SGROUP", PLACE_GROUP },
	{ "fgroup", "fgid", "FGROUP", PLACE_GROUP },
	/* clang-format on */
};

static const struct name_column *find_name_column(const char *column, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(name_columns); i++)
		if (strlen(name_columns[i].name) == length &&
		    strncmp(name_columns[i].name, column, length) == 0)
			return &name_columns[i];
	return NULL;
}

static void add_argument(struct listing *l, const char *argument)
{
	l->arguments = arena_grow(&l->arena, l->arguments, l->n_arguments, sizeof *l->arguments);
	l->arguments[l->n_arguments++] = argument;
}

static void add_column(struct listing *l, const char *column)
{
	l->columns = arena_grow(&l->arena, l->columns, l->n_columns, sizeof *l->columns);
	l->columns[l->n_columns++] = column;
}

/* Read the ":WIDTH" of a column, which a "=HEADER" may follow. Mistakes are left to ps. */
static bool parse_width(const char *rest, size_t *width)
{
	char *end;

	*width = 0;
	if (*rest != ':')
		return true;
	if (rest[1] < '0' || rest[1] > '9')
		return false;
	*width = strtoul(rest + 1, &end, 10);
	return *width > 0 && (*end == '=' || !*end);
}

static void add_place(struct listing *l, const struct name_column *named, size_t given_width,
		      const char *header)
{
	struct place place = { .kind = named->kind,
			       .number = named->number,
			       .header = header ? header + 1 : named->header,
			       .marker = arena_printf(&l->arena, "mymachines%zu#", l->n_places),
			       .given_width = given_width };

	place.width = given_width ? given_width : strlen(place.header);
	/* As wide as in ps(1) where names are short. */
	if (!given_width && place.kind != PLACE_MACHINE && place.width < 8)
		place.width = 8;
	add_column(l, arena_printf(&l->arena, "%s:%d=%s", place.number, PLACE_WIDTH, place.marker));
	l->places = arena_grow(&l->arena, l->places, l->n_places, sizeof place);
	l->places[l->n_places++] = place;
}

static void choose_columns(struct listing *l)
{
	static const struct name_column *const machine = &name_columns[0];
	const struct ps_options *o = &l->options;
	bool shows_machine = false;

	for (size_t i = 0; i < o->n_columns; i++)
		if (find_name_column(o->columns[i], strcspn(o->columns[i], ":=")) == machine)
			shows_machine = true;
	if (!shows_machine)
		add_place(l, machine, 0, NULL);
	for (size_t i = 0; i < o->n_columns; i++) {
		const char *column = o->columns[i], *header = strchr(column, '=');
		size_t length = strcspn(column, ":="), width;
		const struct name_column *named = find_name_column(column, length);

		/* "-o pid= -o user=": without a header line. */
		l->has_headers = l->has_headers || !header || header[1];
		if (named && parse_width(column + length, &width))
			add_place(l, named, width, header);
		else
			add_column(l, column);
	}
}

static void ask_for(struct listing *l, const char *column)
{
	add_argument(l, "-o");
	add_argument(l, column);
}

void listing_choose_columns(struct listing *l)
{
	const struct ps_options *o = &l->options;

	choose_columns(l);
	add_argument(l, "ps");
	add_argument(l, o->is_bsd ? "ww" : "-ww");
	ask_for(l, arena_printf(&l->arena, "pid:%d=" NUMBER_MARKER, NUMBER_WIDTH));
	ask_for(l, arena_printf(&l->arena, "ppid:%d=#", NUMBER_WIDTH));
	for (size_t i = 0; i < l->n_places; i++)
		ask_for(l, arena_printf(&l->arena, "%s:%d=#", l->places[i].number, NUMBER_WIDTH));
	for (size_t i = 0; i < l->n_columns; i++)
		ask_for(l, l->columns[i]);
	if (o->n_machines && !o->selects)
		add_argument(l, "-e");
	/* Last, as pids without an option must be. */
	for (size_t i = 0; i < o->n_arguments; i++)
		add_argument(l, o->arguments[i]);
	add_argument(l, NULL);
}
