/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines map-to, and map-from: ids of machines and of the host. */
#include "base/number.h"
#include "base/quote.h"
#include "base/arena.h"
#include "base/cleanup.h"
#include "host/process.h"
#include "registry/leader_state.h"
#include "registry/lookup.h"
#include "registry/words.h"
#include "tools/describe/json.h"
#include "tools/messages/message.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/option_values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct map_settings {
	bool wanted[2]; /* by enum id_kind */
	enum json_mode json;
};

static const char *const kinds[2] = { [ID_UID] = "uid", [ID_GID] = "gid" };

static bool wants_both(const struct map_settings *settings)
{
	return settings->wanted[ID_UID] && settings->wanted[ID_GID];
}

/* Without --uid and --gid, both are wanted. */
static void complete_settings(struct map_settings *settings)
{
	if (!settings->wanted[ID_UID] && !settings->wanted[ID_GID])
		settings->wanted[ID_UID] = settings->wanted[ID_GID] = true;
}

static int read_id(const struct command_line *line, const char *text, uint32_t *id,
		   struct failure *f)
{
	char quoted[QUOTED_SIZE];

	if (id_parse(text, id) == 0 && *id != UINT32_MAX)
		return 0;
	return usage_failure(f, "%s: '%s' is not an id", line->verb->name, quote(text, quoted));
}

static const struct idmap *map_of(const struct machine *m, int kind)
{
	return kind == ID_UID ? &m->uids : &m->gids;
}

static int map_to(const struct machine *m, uint32_t inner, const struct map_settings *settings)
{
	json_object *object = settings->json ? json_object_new_object() : NULL;
	int status = EXIT_SUCCESS;

	for (int kind = 0; kind < 2; kind++) {
		uint32_t outer;

		if (!settings->wanted[kind])
			continue;
		if (map_of(m, kind)->count == 0) {
			complain(m->class == MACHINE_VM
					 ? "%s: is a VM: its %ss aren't ids of the host"
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
		json_print(stdout, object, settings->json);
	return status;
}

/* Machines by age. */
static int compare_ages(const void *a, const void *b)
{
	const struct machine *x = a, *y = b;

	return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* Live machines that have the id in a wanted map. Returns how many, or a negative errno. */
static int find_holders(struct snapshot *s, struct arena *arena, uint32_t outer,
			const struct map_settings *settings, struct machine **holders)
{
	char folded[MACHINE_NAME_SIZE] = "";
	struct machine m;
	int count = 0, r = -ENOENT;

	while (s->is_open && (r = snapshot_next(s, folded, &m)) == 0) {
		bool is_holder = false;
		uint32_t inner;

		for (int kind = 0; kind < 2; kind++)
			is_holder = is_holder ||
				    (settings->wanted[kind] &&
				     idmap_to_inner(map_of(&m, kind), outer, &inner) == 0);
		if (!is_holder || leader_state(&m.leader, &s->meta.context, NULL) == LEADER_DEAD)
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

static void print_holder(const struct machine *m, uint32_t outer,
			 const struct map_settings *settings, json_object *array)
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

static int map_from(struct snapshot *snapshot, uint32_t outer, const struct map_settings *settings,
		    struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	json_object *array = settings->json ? json_object_new_array() : NULL;
	struct machine *holders = NULL;
	int count = find_holders(snapshot, &arena, outer, settings, &holders);

	for (int i = 0; i < count; i++)
		print_holder(&holders[i], outer, settings, array);
	if (array)
		json_print(stdout, array, settings->json);
	if (count < 0)
		return registry_failure(f, REGISTRY_PATH, count);
	if (count == 0)
		return failure_set(f, FAILURE_NO_MAPPING, "map-from: %u belongs to no machine",
				   outer);
	return EXIT_SUCCESS;
}

static int print_host_ids(const struct command_line *line, void *data, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct map_settings *settings = data;
	struct machine machine;
	uint32_t inner;

	complete_settings(settings);
	if (read_id(line, line->names[1], &inner, f) < 0 || registry_open(&snapshot, f) < 0 ||
	    machine_find(&snapshot, line->names[0], &machine, f) < 0)
		return -1;
	return map_to(&machine, inner, settings);
}

static int print_machine_ids(const struct command_line *line, void *data, struct failure *f)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct map_settings *settings = data;
	uint32_t outer;

	complete_settings(settings);
	if (read_id(line, line->names[0], &outer, f) < 0 || registry_open(&snapshot, f) < 0)
		return -1;
	return map_from(&snapshot, outer, settings, f);
}

static const struct verb_option options[] = {
	{ "uid", SETS(struct map_settings, wanted[ID_UID], set_true),
	  .help = "Print the user id alone, as a number" },
	{ "gid", SETS(struct map_settings, wanted[ID_GID], set_true),
	  .help = "Print the group id alone" },
	{ "json", .argument = "MODE", SETS(struct map_settings, json, set_json_mode),
	  .help = "Print JSON: short, pretty, or off", .values = COMPLETE_JSON },
	{ 0 },
};

const struct verb map_to_verb = {
	.name = "map-to",
	.synopsis = "[OPTION...] NAME ID",
	.list_entry = "NAME ID",
	.summary = "Print the ids of the host for an id of a machine",
	.description = "Print the ids that a user or group id of a machine has on the host.",
	.group = VERB_LOOK,
	.operands = { .min = 2,
		      .max = 2,
		      .too_few = "takes the name of a machine, and an id in it",
		      .too_many = "takes the name of a machine, and an id in it",
		      .values = { COMPLETE_MACHINE, "" } },
	.options = options,
	.settings_size = sizeof(struct map_settings),
	.run = print_host_ids,
};

const struct verb map_from_verb = {
	.name = "map-from",
	.synopsis = "[OPTION...] ID",
	.list_entry = "ID",
	.summary = "Print the ids of machines for an id of the host",
	.description = "Print the machine that a user or group id of the host belongs to, and the "
		       "id in the machine. If several machines map it, the one that was registered "
		       "first comes first.",
	.group = VERB_LOOK,
	.operands = { .min = 1,
		      .max = 1,
		      .too_few = "takes one id of the host",
		      .too_many = "takes one id of the host" },
	.options = options,
	.settings_size = sizeof(struct map_settings),
	.run = print_machine_ids,
};
