/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/machine_copy.h"

static const char *copy_string(struct arena *arena, const char *string)
{
	return string ? arena_strdup(arena, string) : NULL;
}

static struct idmap copy_map(struct arena *arena, const struct idmap *map)
{
	return (struct idmap){ arena_copy(arena, map->extents, map->count * sizeof *map->extents),
			       map->count };
}

struct machine_system machine_system_copy(struct arena *arena, const struct machine_system *system)
{
	struct machine_system copy = *system;

	copy.os = copy_string(arena, system->os);
	copy.version = copy_string(arena, system->version);
	copy.os_name = copy_string(arena, system->os_name);
	return copy;
}

struct machine machine_copy(struct arena *arena, const struct machine *m)
{
	struct machine copy = *m;

	copy.name = arena_strdup(arena, m->name);
	copy.description = copy_string(arena, m->description);
	copy.service = copy_string(arena, m->service);
	copy.unit = copy_string(arena, m->unit);
	copy.root_directory = copy_string(arena, m->root_directory);
	copy.ssh_address = copy_string(arena, m->ssh_address);
	copy.ssh_key = copy_string(arena, m->ssh_key);
	copy.control = copy_string(arena, m->control);
	copy.control_address = copy_string(arena, m->control_address);
	copy.system = machine_system_copy(arena, &m->system);
	copy.aliases = arena_copy(arena, m->aliases, m->aliases_size);
	copy.uids = copy_map(arena, &m->uids);
	copy.gids = copy_map(arena, &m->gids);
	copy.interfaces = arena_copy(arena, m->interfaces, m->n_interfaces * sizeof *m->interfaces);
	copy.addresses = arena_copy(arena, m->addresses, m->n_addresses * sizeof *m->addresses);
	copy.unanswered = arena_copy(arena, m->unanswered, m->n_unanswered * sizeof *m->unanswered);
	copy.next_names = arena_copy(arena, m->next_names, m->next_names_size);
	copy.later_fields = arena_copy(arena, m->later_fields, m->later_fields_size);
	return copy;
}
