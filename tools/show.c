/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines show */
#include "registry/cleanup.h"
#include "registry/process.h"
#include "tools/format.h"
#include "tools/json.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int help(void)
{
	puts("Usage: mymachines show [OPTION...] [NAME...]\n"
	     "\n"
	     "Show all that is known of machines, by name or alias, or of all of them.\n"
	     "\n"
	     "  -h, --help           Show this help\n"
	     "  -p, --property=NAME  Show only this property, or a list of them\n"
	     "      --value          Show only the values\n"
	     "  -a, --all            Show empty properties, too\n"
	     "      --json=MODE      Print an object for each: short, pretty, or off");
	return EXIT_SUCCESS;
}

struct settings {
	bool all;
	bool value_only;
	const char *properties[64];
	size_t n_properties;
	enum json_mode json;
};

/* What a property's value is made from. */
struct subject {
	const struct machine *machine;
	const struct registry_origin *origin;
	struct arena *arena;
};

typedef const char *property_value(const struct subject *subject);

static const char *name_value(const struct subject *s)
{
	return s->machine->name;
}

static const char *id_value(const struct subject *s)
{
	char text[ID128_TEXT_SIZE];

	return s->machine->has_id ? arena_strdup(s->arena, id128_format(s->machine->id, text)) : "";
}

static const char *timestamp_value(const struct subject *s)
{
	char text[TIME_TEXT_SIZE];

	return arena_strdup(s->arena, time_format(s->machine->realtime, text));
}

static const char *monotonic_value(const struct subject *s)
{
	return arena_printf(s->arena, "%" PRIu64, s->machine->monotonic);
}

static const char *service_value(const struct subject *s)
{
	return s->machine->service;
}

static const char *unit_value(const struct subject *s)
{
	return s->machine->unit;
}

static const char *leader_value(const struct subject *s)
{
	return arena_printf(s->arena, "%u", s->machine->leader.pid);
}

static const char *class_value(const struct subject *s)
{
	return machine_class_name(s->machine->class);
}

static const char *root_value(const struct subject *s)
{
	const char *root = s->machine->root_directory;

	return root ? escape(root, arena_alloc(s->arena, ESCAPED_SIZE(strlen(root)))) : NULL;
}

/* Numbers with blanks between. */
static const char *interfaces_value(const struct subject *s)
{
	const char *list = "";

	for (size_t i = 0; i < s->machine->n_interfaces; i++)
		list = arena_printf(s->arena, "%s%s%u", list, *list ? " " : "",
				    s->machine->interfaces[i].index);
	return list;
}

static const char *vsock_value(const struct subject *s)
{
	return s->machine->vsock_cid ? arena_printf(s->arena, "%u", s->machine->vsock_cid) : "";
}

static const char *ssh_value(const struct subject *s)
{
	return s->machine->ssh_address;
}

/* The states of machinectl(1): a machine without its leader is on its way out. */
static const char *state_value(const struct subject *s)
{
	return leader_has_died(&s->machine->leader, s->origin) ? "closing" : "running";
}

static const char *aliases_value(const struct subject *s)
{
	const char *list = "";

	for (const char *alias = NULL; (alias = machine_next_alias(s->machine, alias));)
		list = arena_printf(s->arena, "%s%s%s", list, *list ? " " : "", alias);
	return list;
}

static const char *addresses_value(const struct subject *s)
{
	size_t count = s->machine->n_addresses;
	char *list = arena_alloc(s->arena, count * (ADDRESS_TEXT_SIZE + 1) + 1), *to = list;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			*to++ = ' ';
		to += strlen(address_format(&s->machine->addresses[i], to));
	}
	return list;
}

static const char *map_value(struct arena *arena, const struct idmap *map)
{
	char *list = arena_alloc(arena, map->count * sizeof "4294967295:4294967295:4294967295" + 1);
	char *to = list;

	for (size_t i = 0; i < map->count; i++)
		to += sprintf(to, "%s%u:%u:%u", i > 0 ? " " : "", map->extents[i].inner,
			      map->extents[i].outer, map->extents[i].count);
	return list;
}

static const char *uids_value(const struct subject *s)
{
	return map_value(s->arena, &s->machine->uids);
}

static const char *gids_value(const struct subject *s)
{
	return map_value(s->arena, &s->machine->gids);
}

/* In the order of machinectl show, and with its names; then those that only we have. */
static const struct property {
	const char *name;
	property_value *value;
} properties[] = {
	/* clang-format off */
	{ "Name", name_value },
	{ "Id", id_value },
	{ "Timestamp", timestamp_value },
	{ "TimestampMonotonic", monotonic_value },
	{ "Service", service_value },
	{ "Unit", unit_value },
	{ "Leader", leader_value },
	{ "Class", class_value },
	{ "RootDirectory", root_value },
	{ "NetworkInterfaces", interfaces_value },
	{ "VSockCID", vsock_value },
	{ "SSHAddress", ssh_value },
	{ "State", state_value },
	{ "Aliases", aliases_value },
	{ "Addresses", addresses_value },
	{ "UIDMap", uids_value },
	{ "GIDMap", gids_value },
	/* clang-format on */
};

/* A list with commas, cut in place. */
static int add_properties(struct settings *settings, char *list)
{
	char *rest;

	for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		if (settings->n_properties == sizeof settings->properties / sizeof(char *)) {
			complain("show: too many properties");
			return -1;
		}
		settings->properties[settings->n_properties++] = name;
	}
	return 0;
}

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, struct settings *settings)
{
	enum { OPTION_VALUE = 256, OPTION_JSON };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "all", no_argument, NULL, 'a' },
		{ "property", required_argument, NULL, 'p' },
		{ "value", no_argument, NULL, OPTION_VALUE },
		{ "json", required_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "hap:", options, NULL)) >= 0) {
		switch (option) {
		case 'h': return help() + 1;
		case 'a': settings->all = true; break;
		case OPTION_VALUE: settings->value_only = true; break;
		case 'p':
			if (add_properties(settings, optarg) < 0)
				return EXIT_FAILURE + 1;
			break;
		case OPTION_JSON:
			if (json_mode_parse(optarg, &settings->json) < 0)
				return EXIT_FAILURE + 1;
			break;
		default: return complain_usage("show") + 1;
		}
	}
	if (settings->json && (settings->n_properties || settings->value_only)) {
		complain("show: --json prints whole machines: not with --property or --value");
		return complain_usage("show") + 1;
	}
	return 0;
}

static bool is_wanted(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->n_properties; i++)
		if (strcasecmp(settings->properties[i], name) == 0)
			return true;
	return settings->n_properties == 0;
}

static void show_properties(const struct subject *subject, const struct settings *settings)
{
	for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
		const char *value;

		if (!is_wanted(settings, properties[i].name))
			continue;
		value = properties[i].value(subject);
		if ((!value || !*value) && !settings->all && !settings->n_properties)
			continue;
		if (!settings->value_only)
			printf("%s=", properties[i].name);
		puts(value ? value : "");
	}
}

static void show_machine(const struct machine *m, const struct registry_origin *origin,
			 const struct settings *settings, bool first)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct subject subject = { m, origin, &arena };

	if (settings->json) {
		json_print(json_from_machine(m, origin), settings->json);
		return;
	}
	if (!first)
		putchar('\n');
	show_properties(&subject, settings);
}

static int show_named(struct snapshot *s, char **names, int count, const struct settings *settings)
{
	int status = EXIT_SUCCESS;
	bool first = true;

	for (int i = 0; i < count; i++) {
		struct machine m;

		if (find_machine(s, names[i], &m) < 0) {
			status = EXIT_FAILURE;
			continue;
		}
		show_machine(&m, &s->meta.origin, settings, first);
		first = false;
	}
	return status;
}

static int show_all(struct snapshot *s, const struct settings *settings)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	int r = -ENOENT;

	for (bool first = true; s->env && (r = snapshot_next(s, folded, &m)) == 0; first = false)
		show_machine(&m, &s->meta.origin, settings, first);
	if (r == -ENOENT)
		return EXIT_SUCCESS;
	complain_registry(REGISTRY_PATH, r);
	return EXIT_FAILURE;
}

int verb_show(int argc, char **argv)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct settings settings = { 0 };
	int status = parse(argc, argv, &settings);

	if (status)
		return status - 1;
	if (open_registry(&snapshot) < 0)
		return EXIT_FAILURE;
	if (optind == argc)
		return show_all(&snapshot, &settings);
	return show_named(&snapshot, argv + optind, argc - optind, &settings);
}
