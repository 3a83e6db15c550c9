/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines list */
#include "base/number.h"
#include "base/cleanup.h"
#include "base/format.h"
#include "base/table.h"
#include "host/os_release.h"
#include "host/process.h"
#include "registry/lookup.h"
#include "tools/control/machine_state.h"
#include "tools/describe/json.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/option_values.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct list_settings {
	bool all;
	bool legend;
	size_t max_addresses;
	bool has_max_addresses; /* it was given */
	bool with_host;
	enum json_mode json;
};

static int set_max_addresses(void *member, const char *value, struct failure *f)
{
	struct list_settings *settings = member;
	uint32_t number;

	settings->has_max_addresses = true;
	if (strcmp(value, "all") == 0)
		settings->max_addresses = SIZE_MAX;
	else if ((is_machinectl() ? machinectl_parse_count(value, &number)
				  : id_parse(value, &number)) == 0)
		settings->max_addresses = number;
	else
		return usage_failure(f, "is neither a number nor \"all\"");
	return 0;
}

/* A line for each address that is shown, and "…" if there are more. */
static char *add_addresses(char *to, bool is_first, const struct machine_address *addresses,
			   size_t count, size_t max)
{
	size_t shown = count < max ? count : max;

	for (size_t i = 0; i < shown; i++) {
		if (i > 0 || !is_first)
			*to++ = '\n';
		to += strlen(address_format_marked(&addresses[i], to));
	}
	return stpcpy(to, shown < count ? ellipsis() : "");
}

/* With --all, also those that aren't answered, each marked as what it is. */
static const char *addresses_cell(struct arena *arena, const struct machine *m,
				  const struct list_settings *settings)
{
	size_t n_unanswered = settings->all ? m->n_unanswered : 0;
	char *cell =
		arena_alloc(arena, (m->n_addresses + n_unanswered) * (ADDRESS_MARKED_SIZE + 1) +
					   2 * sizeof "\u2026");
	char *to = add_addresses(cell, true, m->addresses, m->n_addresses, settings->max_addresses);

	add_addresses(to, to == cell, m->unanswered, n_unanswered, settings->max_addresses);
	return cell;
}

enum {
	COLUMN_NAME,
	COLUMN_CLASS,
	COLUMN_SERVICE,
	COLUMN_OS,
	COLUMN_VERSION,
	COLUMN_ADDRESSES,
	COLUMN_STATE,
	N_COLUMNS
};

static const char *const header[N_COLUMNS] = { "MACHINE", "CLASS",     "SERVICE", "OS",
					       "VERSION", "ADDRESSES", "STATE" };

/* A machine of the list, and how it is. */
struct listed {
	const struct machine *machine;
	enum machine_state state;
};

static void make_row(struct arena *arena, const struct listed *listed,
		     const struct list_settings *settings, const char *cells[static N_COLUMNS])
{
	const struct machine *m = listed->machine;

	cells[COLUMN_NAME] = arena_strdup(arena, m->name);
	cells[COLUMN_CLASS] = machine_class_name(m->class);
	cells[COLUMN_STATE] = machine_state_name(listed->state);
	cells[COLUMN_SERVICE] = m->service ? arena_strdup(arena, m->service) : NULL;
	cells[COLUMN_OS] = arena_escape(arena, m->system.os);
	cells[COLUMN_VERSION] = arena_escape(arena, m->system.version);
	cells[COLUMN_ADDRESSES] = addresses_cell(arena, m, settings);
}

/* The host itself, which machinectl(1) lists with --all. */
static void make_host_row(struct arena *arena, const char *cells[static N_COLUMNS])
{
	struct os_release os = os_release_read_host(arena);

	cells[COLUMN_NAME] = ".host";
	cells[COLUMN_CLASS] = "host";
	cells[COLUMN_STATE] = cells[COLUMN_SERVICE] = cells[COLUMN_ADDRESSES] = NULL;
	cells[COLUMN_OS] = arena_escape(arena, os.id);
	cells[COLUMN_VERSION] = arena_escape(arena, os.version_id);
}

/* machinectl(1) has no states, and no column for no addresses. */
static size_t count_machinectl_columns(const struct list_settings *settings)
{
	return settings->max_addresses == 0 ? COLUMN_ADDRESSES : COLUMN_STATE;
}

/* The JSON of machinectl(1) is its table. */
static json_object *json_from_row(const char *const cells[static N_COLUMNS],
				  const struct list_settings *settings)
{
	const size_t n_columns = count_machinectl_columns(settings);
	json_object *object = json_object_new_object();

	for (size_t i = 0; i < n_columns; i++) {
		char key[16] = "";

		for (size_t at = 0; header[i][at]; at++)
			key[at] = (char) tolower((unsigned char) header[i][at]);
		json_object_object_add(object, key,
				       cells[i] && *cells[i] ? json_object_new_string(cells[i])
							     : NULL);
	}
	return object;
}

static json_object *json_from_listed(const struct listed *listed, const struct pid_context *context,
				     const struct list_settings *settings)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	const char *cells[N_COLUMNS];

	if (!is_machinectl())
		return json_from_live_machine(listed->machine, context, listed->state);
	make_row(&arena, listed, settings, cells);
	return json_from_row(cells, settings);
}

/* The machines to show, one after another. So many are looked at together. */
#define LOOKED_AT 256
struct looking {
	struct snapshot *snapshot;
	const struct list_settings *settings;
	char folded[MACHINE_NAME_SIZE]; /* the name of the machine read last */
	int error;			/* of reading on: a negative errno */
	size_t next, count;		/* of the following */
	struct frozen_cgroups frozen;
	struct machine machines[LOOKED_AT];
	enum machine_state states[LOOKED_AT];
};

/* Begin to look at one snapshot's machines. The memory's first contents don't matter. */
static void looking_begin(struct looking *l, struct snapshot *s,
			  const struct list_settings *settings)
{
	l->snapshot = s;
	l->settings = settings;
	l->folded[0] = '\0';
	l->error = s->is_open ? 0 : -ENOENT;
	l->next = l->count = 0;
	frozen_cgroups_begin(&l->frozen, s->meta.names);
}

/* The snapshot is mapped: machines are good until it is closed. */
static void look_at_more(struct looking *l)
{
	l->next = l->count = 0;
	while (l->error == 0 && l->count < LOOKED_AT) {
		l->error = snapshot_next(l->snapshot, l->folded, &l->machines[l->count]);
		l->count += l->error == 0;
	}
	machine_states_look(l->machines, l->states, l->count, &l->snapshot->meta.context,
			    &l->frozen);
}

/* The next machine to show. 1, 0 after the last, or a negative errno. */
static int next_machine(struct looking *l, struct listed *listed)
{
	for (;;) {
		if (l->next == l->count)
			look_at_more(l);
		if (l->count == 0)
			return l->error == -ENOENT ? 0 : l->error;
		*listed = (struct listed){ &l->machines[l->next], l->states[l->next] };
		l->next++;
		if (l->settings->all || listed->state != MACHINE_DEAD)
			return 1;
	}
}

static int list_json(struct looking *l)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct json_list list = json_list_begin(stdout, l->settings->json);
	const char *cells[N_COLUMNS];
	struct listed m;
	int r;

	if (l->settings->with_host) {
		make_host_row(&arena, cells);
		json_list_add(&list, json_from_row(cells, l->settings));
	}
	while ((r = next_machine(l, &m)) > 0)
		json_list_add(&list, json_from_listed(&m, &l->snapshot->meta.context, l->settings));
	json_list_end(&list);
	return r;
}

/* The rows of the table, until it is known which columns there are. */
struct listing {
	struct arena arena;
	const char *(*rows)[N_COLUMNS];
	size_t count;
	bool has_states; /* a machine doesn't run */
};

static void add_row(struct listing *l, const char *const cells[static N_COLUMNS])
{
	const char *state = cells[COLUMN_STATE];

	l->rows = arena_grow(&l->arena, l->rows, l->count, sizeof *l->rows);
	memcpy(l->rows[l->count++], cells, sizeof *l->rows);
	if (state && strcmp(state, machine_state_name(MACHINE_RUNNING)) != 0)
		l->has_states = true;
}

static size_t count_columns(const struct listing *l, const struct list_settings *settings)
{
	if (is_machinectl())
		return count_machinectl_columns(settings);
	return l->has_states ? N_COLUMNS : COLUMN_STATE;
}

static void print_rows(struct listing *l, const struct list_settings *settings)
{
	size_t n_columns = count_columns(l, settings);
	struct table table;

	table_init(&table, &l->arena, header, n_columns);
	for (size_t i = 0; i < l->count; i++)
		for (size_t column = 0; column < n_columns; column++)
			table_add(&table, l->rows[i][column]);
	if (l->count > 0)
		table_print(stdout, &table, settings->legend);
}

static void print_count(size_t count)
{
	if (count > 0)
		printf("\n%zu machine%s listed.\n", count,
		       count == 1 && !is_machinectl() ? "" : "s");
	else
		puts("No machines.");
}

static void listing_done(struct listing *l)
{
	arena_done(&l->arena);
}

static int list_table(struct looking *l)
{
	CLEANUP(listing_done) struct listing listing = { 0 };
	const char *cells[N_COLUMNS];
	struct listed m;
	int r;

	if (l->settings->with_host) {
		make_host_row(&listing.arena, cells);
		add_row(&listing, cells);
	}
	while ((r = next_machine(l, &m)) > 0) {
		make_row(&listing.arena, &m, l->settings, cells);
		add_row(&listing, cells);
	}
	print_rows(&listing, l->settings);
	if (l->settings->legend)
		print_count(listing.count);
	return r;
}

static int list_machines(const struct command_line *line, void *data, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	CLEANUP_FREE struct looking *looking = malloc(sizeof *looking);
	struct list_settings *settings = data;
	int r;

	(void) line;
	if (!looking)
		arena_out_of_memory();
	if (is_machinectl()) {
		/* Its --all lists the host, and never a machine that has died. */
		settings->with_host = settings->all;
		settings->all = false;
		/* Its JSON isn't cut for a screen. */
		if (settings->json && !settings->has_max_addresses)
			settings->max_addresses = SIZE_MAX;
	}
	if (registry_open(&snapshot, f) < 0)
		return -1;
	looking_begin(looking, &snapshot, settings);
	r = settings->json ? list_json(looking) : list_table(looking);
	frozen_cgroups_end(&looking->frozen);
	return r < 0 ? registry_failure(f, REGISTRY_PATH, r) : EXIT_SUCCESS;
}

static const struct verb_option options[] = {
	{ "all", 'a', SETS(struct list_settings, all, set_true),
	  .help = "Show machines whose leader has died, and claimed addresses, too" },
	{ "max-addresses", .argument = "COUNT", .set = set_max_addresses,
	  .help = "Show at most COUNT addresses of each machine; COUNT may be \"all\" (default: 1)",
	  .values = COMPLETE_ADDRESS_COUNT },
	{ "no-legend", SETS(struct list_settings, legend, set_false),
	  .help = "Print no header and no footer" },
	{ "json", .argument = "MODE", SETS(struct list_settings, json, set_json_mode),
	  .help = "Print JSON: short, pretty, or off", .values = COMPLETE_JSON },
	{ "output", 'o', "MODE", SETS(struct list_settings, json, set_output_mode),
	  .help = "json or json-pretty: print JSON", .values = "json json-pretty",
	  .machinectl_only = true },
	{ 0 },
};

const struct verb list_verb = {
	.name = "list",
	.synopsis = "[OPTION...]",
	.list_entry = "",
	.summary = "List running machines (the default without a verb)",
	.description =
		"List the machines that run. If one of them is paused or dead, a column STATE "
		"is added.",
	.group = VERB_LOOK,
	.is_machinectl = true,
	.has_pager = true,
	.operands = { .max = 0, .too_many = "takes no names; see 'mymachines show'" },
	.options = options,
	.settings_size = sizeof(struct list_settings),
	.defaults = &(const struct list_settings){ .legend = true, .max_addresses = 1 },
	.run = list_machines,
};
