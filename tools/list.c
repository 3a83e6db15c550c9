/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines list */
#include "registry/cleanup.h"
#include "registry/process.h"
#include "tools/format.h"
#include "tools/json.h"
#include "tools/machinectl.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/os_release.h"
#include "tools/table.h"
#include "tools/verbs.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int help(void)
{
	puts("Usage: mymachines list [OPTION...]\n"
	     "\n"
	     "List the machines that run.\n"
	     "\n"
	     "  -h, --help                 Show this help\n"
	     "  -a, --all                  Also those whose leader has died\n"
	     "      --max-addresses=COUNT  Show so many addresses of each, or \"all\" (1)\n"
	     "      --no-legend            Print neither headers nor footers\n"
	     "      --json=MODE            Print JSON: short, pretty, or off");
	return EXIT_SUCCESS;
}

struct settings {
	bool all;
	bool legend;
	size_t max_addresses;
	enum json_mode json;
};

static int parse_max_addresses(const char *text, size_t *count)
{
	char quoted[QUOTED_SIZE];
	uint32_t number;

	if (strcmp(text, "all") == 0) {
		*count = SIZE_MAX;
	} else if (id_parse(text, &number) == 0) {
		*count = number;
	} else {
		complain("--max-addresses=%s: neither a number nor \"all\"", quote(text, quoted));
		return -1;
	}
	return 0;
}

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, struct settings *settings)
{
	enum { OPTION_MAX_ADDRESSES = 256, OPTION_NO_LEGEND, OPTION_JSON };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "all", no_argument, NULL, 'a' },
		{ "max-addresses", required_argument, NULL, OPTION_MAX_ADDRESSES },
		{ "no-legend", no_argument, NULL, OPTION_NO_LEGEND },
		{ "json", required_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "ha", options, NULL)) >= 0) {
		switch (option) {
		case 'h': return help() + 1;
		case 'a': settings->all = true; break;
		case OPTION_NO_LEGEND: settings->legend = false; break;
		case OPTION_MAX_ADDRESSES:
			if (parse_max_addresses(optarg, &settings->max_addresses) < 0)
				return EXIT_FAILURE + 1;
			break;
		case OPTION_JSON:
			if (json_mode_parse(optarg, &settings->json) < 0)
				return EXIT_FAILURE + 1;
			break;
		default: return complain_usage("list") + 1;
		}
	}
	if (optind < argc) {
		complain("list: takes no names; see 'mymachines show'");
		return complain_usage("list") + 1;
	}
	return 0;
}

/* A line for each address that is shown, and "…" for those that aren't. */
static const char *addresses_cell(struct arena *arena, const struct machine *m, size_t max)
{
	size_t shown = m->n_addresses < max ? m->n_addresses : max;
	char *cell = arena_alloc(arena, shown * (ADDRESS_TEXT_SIZE + 1) + sizeof "\u2026");
	char *to = cell;

	for (size_t i = 0; i < shown; i++) {
		if (i > 0)
			*to++ = '\n';
		to += strlen(address_format(&m->addresses[i], to));
	}
	strcpy(to, shown < m->n_addresses ? ellipsis() : "");
	return cell;
}

enum { N_COLUMNS = 6 };

static const char *const header[N_COLUMNS] = { "MACHINE", "CLASS",   "SERVICE",
					       "OS",	  "VERSION", "ADDRESSES" };

static void make_row(struct arena *arena, const struct machine *m,
		     const struct registry_origin *origin, const struct settings *settings,
		     const char *cells[static N_COLUMNS])
{
	struct os_release os = os_release_read(arena, m, origin);

	cells[0] = arena_strdup(arena, m->name);
	cells[1] = machine_class_name(m->class);
	cells[2] = m->service ? arena_strdup(arena, m->service) : NULL;
	cells[3] = os.id;
	cells[4] = os.version_id;
	cells[5] = addresses_cell(arena, m, settings->max_addresses);
}

static void print_row(struct table *table, const struct machine *m,
		      const struct registry_origin *origin, const struct settings *settings)
{
	const char *cells[N_COLUMNS];

	make_row(table->arena, m, origin, settings, cells);
	for (size_t i = 0; i < N_COLUMNS; i++)
		table_add(table, cells[i]);
}

/* machinectl's is the table. */
static json_object *json_from_row(const struct machine *m, const struct registry_origin *origin,
				  const struct settings *settings)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	json_object *object = json_object_new_object();
	const char *cells[N_COLUMNS];

	make_row(&arena, m, origin, settings, cells);
	for (size_t i = 0; i < N_COLUMNS; i++) {
		char *key = arena_strdup(&arena, header[i]);

		for (char *c = key; *c; c++)
			*c = (char) tolower((unsigned char) *c);
		json_object_object_add(object, key,
				       cells[i] && *cells[i] ? json_object_new_string(cells[i])
							     : NULL);
	}
	return object;
}

/* The next machine to show. 1, 0 after the last, or a negative errno. */
static int next_machine(struct snapshot *s, char *folded, const struct settings *settings,
			struct machine *m)
{
	int r;

	do
		r = snapshot_next(s, folded, m);
	while (r == 0 && !settings->all && leader_has_died(&m->leader, &s->meta.origin));
	return r == 0 ? 1 : r == -ENOENT ? 0 : r;
}

static int list_json(struct snapshot *s, const struct settings *settings)
{
	json_object *array = json_object_new_array();
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	int r = 0;

	while (s->env && (r = next_machine(s, folded, settings, &m)) > 0)
		json_object_array_add(array, is_machinectl()
						     ? json_from_row(&m, &s->meta.origin, settings)
						     : json_from_live_machine(&m, &s->meta.origin));
	json_print(array, settings->json);
	return r;
}

static int list_table(struct snapshot *s, const struct settings *settings)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	char folded[MACHINE_NAME_SIZE] = "";
	struct table table;
	struct machine m;
	size_t count = 0;
	int r = 0;

	table_init(&table, &arena, header, N_COLUMNS);
	for (; s->env && (r = next_machine(s, folded, settings, &m)) > 0; count++)
		print_row(&table, &m, &s->meta.origin, settings);
	if (count > 0)
		table_print(&table, settings->legend);
	if (settings->legend && count > 0)
		printf("\n%zu machine%s listed.\n", count,
		       count == 1 && !is_machinectl() ? "" : "s");
	else if (settings->legend)
		puts("No machines.");
	return r;
}

int verb_list(int argc, char **argv)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct settings settings = { .legend = true, .max_addresses = 1 };
	int status = parse(argc, argv, &settings), r;

	if (status)
		return status - 1;
	if (open_registry(&snapshot) < 0)
		return EXIT_FAILURE;
	r = settings.json ? list_json(&snapshot, &settings) : list_table(&snapshot, &settings);
	if (r < 0) {
		complain_registry(REGISTRY_PATH, r);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
