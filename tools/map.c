/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines map-to, and map-from: ids of machines and of the host. */
#include "registry/cleanup.h"
#include "registry/process.h"
#include "tools/json.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
	bool wanted[2]; /* by enum id_kind */
	enum json_mode json;
};

static const char *const kinds[2] = { [ID_UID] = "uid", [ID_GID] = "gid" };

static int help_to(void)
{
	puts("Usage: mymachines map-to [OPTION...] NAME ID\n"
	     "\n"
	     "Print which ids of the host a user or group id of a machine is.\n"
	     "\n"
	     "  -h, --help       Show this help\n"
	     "      --uid        Only the user id, as a bare number\n"
	     "      --gid        Only the group id\n"
	     "      --json=MODE  Print an object: short, pretty, or off");
	return EXIT_SUCCESS;
}

static int help_from(void)
{
	puts("Usage: mymachines map-from [OPTION...] ID\n"
	     "\n"
	     "Print which machine a user or group id of the host belongs to, and which id it\n"
	     "is there: of several machines with such a map, the oldest first.\n"
	     "\n"
	     "  -h, --help       Show this help\n"
	     "      --uid        Only as a user id, without the word\n"
	     "      --gid        Only as a group id\n"
	     "      --json=MODE  Print an array of objects: short, pretty, or off");
	return EXIT_SUCCESS;
}

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, const char *verb, int (*help)(void),
		 struct settings *settings)
{
	enum { OPTION_UID = 256, OPTION_GID, OPTION_JSON };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "uid", no_argument, NULL, OPTION_UID },
		{ "gid", no_argument, NULL, OPTION_GID },
		{ "json", required_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 'h': return help() + 1;
		case OPTION_UID: settings->wanted[ID_UID] = true; break;
		case OPTION_GID: settings->wanted[ID_GID] = true; break;
		case OPTION_JSON:
			if (json_mode_parse(optarg, &settings->json) < 0)
				return EXIT_FAILURE + 1;
			break;
		default: return complain_usage(verb) + 1;
		}
	}
	if (!settings->wanted[ID_UID] && !settings->wanted[ID_GID])
		settings->wanted[ID_UID] = settings->wanted[ID_GID] = true;
	return 0;
}

static bool wants_both(const struct settings *settings)
{
	return settings->wanted[ID_UID] && settings->wanted[ID_GID];
}

static int parse_id(const char *verb, const char *text, uint32_t *id)
{
	char quoted[QUOTED_SIZE];

	if (id_parse(text, id) == 0 && *id != UINT32_MAX)
		return 0;
	complain("%s: '%s' is no id", verb, quote(text, quoted));
	return -1;
}

static const struct idmap *map_of(const struct machine *m, int kind)
{
	return kind == ID_UID ? &m->uids : &m->gids;
}

static int map_to(const struct machine *m, uint32_t inner, const struct settings *settings)
{
	json_object *object = settings->json ? json_object_new_object() : NULL;
	int status = EXIT_SUCCESS;

	for (int kind = 0; kind < 2; kind++) {
		uint32_t outer;

		if (!settings->wanted[kind])
			continue;
		if (map_of(m, kind)->count == 0) {
			complain(m->class == MACHINE_VM
					 ? "%s: is a VM: its %ss are none of the host's"
					 : "%s: has no %s map: its ids are the host's own",
				 m->name, kinds[kind]);
			status = EXIT_FAILURE;
		} else if (idmap_to_outer(map_of(m, kind), inner, &outer) < 0) {
			complain("%s: %s %u isn't in its map", m->name, kinds[kind], inner);
			status = EXIT_FAILURE;
		} else if (object) {
			json_object_object_add(object, kinds[kind], json_object_new_int64(outer));
		} else {
			printf(wants_both(settings) ? "%s %u\n" : "%.0s%u\n", kinds[kind], outer);
		}
	}
	if (object)
		json_print(object, settings->json);
	return status;
}

int verb_map_to(int argc, char **argv)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct settings settings = { 0 };
	int status = parse(argc, argv, "map-to", help_to, &settings);
	struct machine machine;
	uint32_t inner;

	if (status)
		return status - 1;
	if (argc - optind != 2) {
		complain("map-to: takes the name of a machine, and an id in it");
		return complain_usage("map-to");
	}
	if (parse_id("map-to", argv[optind + 1], &inner) < 0 || open_registry(&snapshot) < 0 ||
	    find_machine(&snapshot, argv[optind], &machine) < 0)
		return EXIT_FAILURE;
	return map_to(&machine, inner, &settings);
}

/* Machines by age. */
static int compare_ages(const void *a, const void *b)
{
	const struct machine *x = a, *y = b;

	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* Those that live and have the id in a wanted map. Returns how many, or a negative errno. */
static int find_holders(struct snapshot *s, struct arena *arena, uint32_t outer,
			const struct settings *settings, struct machine **holders)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	int count = 0, r = -ENOENT;

	while (s->env && (r = snapshot_next(s, folded, &m)) == 0) {
		bool is_holder = false;
		uint32_t inner;

		for (int kind = 0; kind < 2; kind++)
			is_holder = is_holder ||
				    (settings->wanted[kind] &&
				     idmap_to_inner(map_of(&m, kind), outer, &inner) == 0);
		if (!is_holder || leader_has_died(&m.leader, &s->meta.origin))
			continue;
		*holders = arena_grow(arena, *holders, (size_t) count, sizeof m);
		(*holders)[count++] = m;
	}
	if (r != -ENOENT)
		return r;
	if (count > 0)
		qsort(*holders, (size_t) count, sizeof m, compare_ages);
	return count;
}

static void print_holder(const struct machine *m, uint32_t outer, const struct settings *settings,
			 json_object *array)
{
	json_object *object = array ? json_object_new_object() : NULL;
	uint32_t inner;

	if (object)
		json_object_object_add(object, "machine", json_object_new_string(m->name));
	for (int kind = 0; kind < 2; kind++) {
		if (!settings->wanted[kind] || idmap_to_inner(map_of(m, kind), outer, &inner) < 0)
			continue;
		if (object)
			json_object_object_add(object, kinds[kind], json_object_new_int64(inner));
		else
			printf(wants_both(settings) ? "%s %s %u\n" : "%.0s%s %u\n", kinds[kind],
			       m->name, inner);
	}
	if (array)
		json_object_array_add(array, object);
}

static int map_from(struct snapshot *snapshot, uint32_t outer, const struct settings *settings)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	json_object *array = settings->json ? json_object_new_array() : NULL;
	struct machine *holders = NULL;
	int count = find_holders(snapshot, &arena, outer, settings, &holders);

	for (int i = 0; i < count; i++)
		print_holder(&holders[i], outer, settings, array);
	if (array)
		json_print(array, settings->json);
	if (count < 0)
		complain_registry(REGISTRY_PATH, count);
	else if (count == 0)
		complain("map-from: %u is no machine's", outer);
	return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int verb_map_from(int argc, char **argv)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct settings settings = { 0 };
	int status = parse(argc, argv, "map-from", help_from, &settings);
	uint32_t outer;

	if (status)
		return status - 1;
	if (argc - optind != 1) {
		complain("map-from: takes one id of the host's");
		return complain_usage("map-from");
	}
	if (parse_id("map-from", argv[optind], &outer) < 0 || open_registry(&snapshot) < 0)
		return EXIT_FAILURE;
	return map_from(&snapshot, outer, &settings);
}
