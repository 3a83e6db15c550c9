/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/describe/properties.h"

#include "base/format.h"
#include "base/signal_name.h"
#include "host/process.h"
#include "registry/leader_state.h"
#include "tools/control/machine_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *name_value(const struct property_subject *s)
{
	return s->machine->name;
}

static const char *id_text(struct arena *arena, const uint8_t *id)
{
	char text[ID128_TEXT_SIZE];

	return arena_strdup(arena, id128_format(id, text));
}

static const char *id_value(const struct property_subject *s)
{
	return s->machine->has_id ? id_text(s->arena, s->machine->id) : "";
}

/* Of its machine-id(5). */
static const char *claimed_id_value(const struct property_subject *s)
{
	const struct machine_system *system = &s->machine->system;

	return system->has_id ? id_text(s->arena, system->id) : "";
}

static const char *timestamp_value(const struct property_subject *s)
{
	char text[TIME_TEXT_SIZE];

	return arena_strdup(s->arena, time_format(s->machine->realtime, text));
}

static const char *monotonic_value(const struct property_subject *s)
{
	return arena_printf(s->arena, "%" PRIu64, s->machine->monotonic);
}

static const char *service_value(const struct property_subject *s)
{
	return s->machine->service;
}

static const char *uid_value(const struct property_subject *s)
{
	return arena_printf(s->arena, "%u", s->machine->owner);
}

static const char *description_value(const struct property_subject *s)
{
	return arena_escape(s->arena, machine_description(s->machine));
}

static const char *unit_value(const struct property_subject *s)
{
	return s->machine->unit;
}

static const char *leader_value(const struct property_subject *s)
{
	return arena_printf(s->arena, "%u", s->machine->leader.pid);
}

/* A dead supervisor isn't shown: its pid may be another process's by now. */
static const char *supervisor_value(const struct property_subject *s)
{
	const struct machine_leader *supervisor = machine_supervisor(s->machine, s->context);

	return supervisor ? arena_printf(s->arena, "%u", supervisor->pid) : "";
}

static const char *class_value(const struct property_subject *s)
{
	return machine_class_name(s->machine->class);
}

static const char *root_value(const struct property_subject *s)
{
	return arena_escape(s->arena, s->machine->root_directory);
}

/* Numbers, separated by blanks. */
static const char *interfaces_value(const struct property_subject *s)
{
	const char *list = "";

	for (size_t i = 0; i < s->machine->n_interfaces; i++)
		list = arena_printf(s->arena, "%s%s%u", list, *list ? " " : "",
				    s->machine->interfaces[i].index);
	return list;
}

static const char *vsock_value(const struct property_subject *s)
{
	return s->machine->vsock_cid ? arena_printf(s->arena, "%u", s->machine->vsock_cid) : "";
}

static const char *ssh_value(const struct property_subject *s)
{
	return s->machine->ssh_address;
}

static const char *ssh_key_value(const struct property_subject *s)
{
	return s->machine->ssh_key;
}

static const char *control_address_value(const struct property_subject *s)
{
	return s->machine->control_address;
}

static const char *control_value(const struct property_subject *s)
{
	return s->machine->control;
}

static const char *signal_value(const struct property_subject *s, uint32_t signal)
{
	char name[SIGNAL_NAME_SIZE];

	return signal ? arena_strdup(s->arena, signal_format((int) signal, name)) : "";
}

static const char *poweroff_signal_value(const struct property_subject *s)
{
	return signal_value(s, s->machine->poweroff_signal);
}

static const char *reboot_signal_value(const struct property_subject *s)
{
	return signal_value(s, s->machine->reboot_signal);
}

/* The states of machinectl(1), and "paused". A machine whose leader has died is "closing". */
static const char *state_value(const struct property_subject *s)
{
	enum machine_state state = s->asks ? machine_state_ask(s->machine, s->context)
					   : machine_state_look(s->machine, s->context);

	return state == MACHINE_DEAD ? "closing" : machine_state_name(state);
}

static const char *aliases_value(const struct property_subject *s)
{
	const char *list = "";

	for (const char *alias = NULL; (alias = machine_next_alias(s->machine, alias));)
		list = arena_printf(s->arena, "%s%s%s", list, *list ? " " : "", alias);
	return list;
}

static const char *addresses_value(const struct property_subject *s)
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

static const char *uids_value(const struct property_subject *s)
{
	return map_value(s->arena, &s->machine->uids);
}

static const char *gids_value(const struct property_subject *s)
{
	return map_value(s->arena, &s->machine->gids);
}

static const char *os_value(const struct property_subject *s)
{
	return arena_escape(s->arena, s->machine->system.os);
}

static const char *version_value(const struct property_subject *s)
{
	return arena_escape(s->arena, s->machine->system.version);
}

/* First the properties of machinectl show, in its order and with its names; then our own. */
const struct property properties[] = {
	/* clang-format off */
	{ "Name", name_value },
	{ "Id", id_value },
	{ "Timestamp", timestamp_value },
	{ "TimestampMonotonic", monotonic_value },
	{ "Service", service_value },
	{ "Unit", unit_value },
	{ "Leader", leader_value },
	{ "Supervisor", supervisor_value },
	{ "Class", class_value },
	{ "RootDirectory", root_value },
	{ "NetworkInterfaces", interfaces_value },
	{ "VSockCID", vsock_value },
	{ "SSHAddress", ssh_value },
	{ "SSHPrivateKeyPath", ssh_key_value },
	{ "State", state_value, .is_live = true },
	{ "OS", os_value },
	{ "Version", version_value },
	{ "ClaimedId", claimed_id_value },
	{ "Aliases", aliases_value },
	{ "Addresses", addresses_value },
	{ "UIDMap", uids_value },
	{ "GIDMap", gids_value },
	{ "Control", control_value },
	{ "ControlAddress", control_address_value },
	{ "PoweroffSignal", poweroff_signal_value },
	{ "RebootSignal", reboot_signal_value },
	{ "Description", description_value },
	{ "UID", uid_value },
	{ 0 },
	/* clang-format on */
};
