/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/describe/json.h"

#include "base/cleanup.h"
#include "base/format.h"
#include "base/signal_name.h"
#include "registry/leader_state.h"

#include <stdio.h>
#include <string.h>

static const char *to_text(json_object *object, enum json_mode mode)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (mode == JSON_PRETTY)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	return json_object_to_json_string_ext(object, flags);
}

static bool has_only_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char) text[i] >= 0x80)
			return false;
	return true;
}

/*
 * Programs get the same JSON in every locale. A terminal that isn't UTF-8 gets no
 * bytes that it could obey.
 */
static void print_text(FILE *stream, const char *text, size_t length)
{
	CLEANUP(arena_done) struct arena arena = { 0 };

	if (is_utf8() || has_only_ascii(text, length))
		fwrite(text, 1, length, stream);
	else
		fputs(ascii_json(&arena, arena_printf(&arena, "%.*s", (int) length, text)), stream);
}

static void begin_output(FILE *stream, enum json_mode mode)
{
	if (mode == JSON_SEQ)
		putc('\036', stream);
	else if (mode == JSON_SSE)
		fputs("data: ", stream);
}

static void end_output(FILE *stream, enum json_mode mode)
{
	fputs(mode == JSON_SSE ? "\n\n" : "\n", stream);
}

void json_print(FILE *stream, json_object *object, enum json_mode mode)
{
	const char *text = to_text(object, mode);

	begin_output(stream, mode);
	print_text(stream, text, strlen(text));
	end_output(stream, mode);
	json_object_put(object);
}

struct json_list json_list_begin(FILE *stream, enum json_mode mode)
{
	begin_output(stream, mode);
	return (struct json_list){ stream, mode, false };
}

/*
 * It is printed as the only item of an array is, which indents it; without the brackets of the
 * array, but with what is between the first bracket and the item.
 */
void json_list_add(struct json_list *list, json_object *object)
{
	json_object *array = json_object_new_array();
	const char *text, *end;

	json_object_array_add(array, object);
	text = to_text(array, list->mode);
	end = strrchr(text, '}') + 1;
	putc(list->has_items ? ',' : '[', list->stream);
	print_text(list->stream, text + 1, (size_t) (end - text - 1));
	list->has_items = true;
	json_object_put(array);
}

void json_list_end(struct json_list *list)
{
	if (!list->has_items)
		putc('[', list->stream);
	else if (list->mode == JSON_PRETTY)
		putc('\n', list->stream);
	putc(']', list->stream);
	end_output(list->stream, list->mode);
}

/* Add a field that isn't there yet. Its key is a constant. */
static void add_field(json_object *to, const char *key, json_object *value)
{
	json_object_object_add_ex(to, key, value,
				  JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT);
}

static void add_string(json_object *to, const char *key, const char *value)
{
	if (value)
		add_field(to, key, json_object_new_string(value));
}

/* Add a value that the machine chose. */
static void add_escaped(json_object *to, const char *key, const char *value)
{
	char escaped[ESCAPED_SIZE(MACHINE_SYSTEM_MAX)];

	if (value)
		add_string(to, key, escape_for_programs(value, escaped));
}

static void add_description(json_object *to, const struct machine *m)
{
	char escaped[ESCAPED_SIZE(MACHINE_WORD_MAX)];
	const char *description = machine_description(m);

	if (description)
		add_string(to, "description", escape_for_programs(description, escaped));
}

/* Ids, counts and inodes fit into 63 bits. */
static void add_number(json_object *to, const char *key, uint64_t value)
{
	add_field(to, key, json_object_new_int64((int64_t) value));
}

/* Varlink's ProcessId. */
static json_object *from_process(const struct machine_leader *process,
				 const struct pid_context *context)
{
	json_object *object = json_object_new_object();
	char boot_id[ID128_TEXT_SIZE];

	add_number(object, "pid", process->pid);
	if (process->pidfd_inode)
		add_number(object, "pidfdId", process->pidfd_inode);
	add_string(object, "bootId", id128_format(context->boot_id, boot_id));
	return object;
}

static json_object *from_address(const struct machine_address *address)
{
	json_object *object = json_object_new_object(), *bytes = json_object_new_array();
	char text[ADDRESS_TEXT_SIZE], interface[ESCAPED_SIZE(IF_NAMESIZE)];

	if (address->host_interface)
		add_number(object, "ifindex", address->host_interface);
	add_number(object, "family", address->family);
	for (size_t i = 0; i < address_length(address->family); i++)
		json_object_array_add(bytes, json_object_new_int(address->bytes[i]));
	add_field(object, "address", bytes);
	add_string(object, "addressString", address_format(address, text));
	add_string(object, "scope", scope_name(address->scope));
	add_string(object, "standing", address_standing_name(address));
	if (*address->interface)
		add_string(object, "interface", escape_for_programs(address->interface, interface));
	return object;
}

static void add_addresses(json_object *to, const struct machine *m, bool given_only)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < m->n_addresses; i++)
		if (!given_only || m->addresses[i].flags & ADDRESS_GIVEN)
			json_object_array_add(array, from_address(&m->addresses[i]));
	add_field(to, "addresses", array);
}

/* Apart, so that whoever reads only the addresses takes no claim for one. */
static void add_unanswered(json_object *to, const struct machine *m)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < m->n_unanswered; i++)
		json_object_array_add(array, from_address(&m->unanswered[i]));
	add_field(to, "unansweredAddresses", array);
}

static void add_interfaces(json_object *to, const struct machine *m, bool given_only)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < m->n_interfaces; i++)
		if (!given_only || m->interfaces[i].given)
			json_object_array_add(array, json_object_new_int64(m->interfaces[i].index));
	add_field(to, "ifIndices", array);
}

static void add_aliases(json_object *to, const struct machine *m)
{
	json_object *array = json_object_new_array();

	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));)
		json_object_array_add(array, json_object_new_string(alias));
	add_field(to, "aliases", array);
}

static void add_map(json_object *to, const char *key, const struct idmap *map)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < map->count; i++) {
		json_object *extent = json_object_new_object();

		add_number(extent, "inner", map->extents[i].inner);
		add_number(extent, "outer", map->extents[i].outer);
		add_number(extent, "count", map->extents[i].count);
		json_object_array_add(array, extent);
	}
	add_field(to, key, array);
}

static void add_root(json_object *to, const struct machine *m)
{
	char root[ESCAPED_SIZE(MACHINE_ROOT_MAX)];

	if (m->root_directory)
		add_string(to, "rootDirectory", escape_for_programs(m->root_directory, root));
}

static void drop_if_empty(json_object *from, const char *key)
{
	json_object *array;

	if (json_object_object_get_ex(from, key, &array) && json_object_array_length(array) == 0)
		json_object_object_del(from, key);
}

/*
 * The given values of facts that are otherwise found. When the JSON is read back,
 * only these count; the other facts are found again.
 */
static void add_given(json_object *to, const struct machine *m)
{
	json_object *object = json_object_new_object();

	if (m->given & MACHINE_GIVEN_UNIT)
		add_string(object, "unit", m->unit);
	if (m->given & MACHINE_GIVEN_ROOT)
		add_root(object, m);
	if (m->given & MACHINE_GIVEN_UID_MAP)
		add_map(object, "uidMap", &m->uids);
	if (m->given & MACHINE_GIVEN_GID_MAP)
		add_map(object, "gidMap", &m->gids);
	add_interfaces(object, m, true);
	add_addresses(object, m, true);
	/* Empty lists would clear the given values when they are read back. */
	drop_if_empty(object, "ifIndices");
	drop_if_empty(object, "addresses");
	add_field(to, "given", object);
}

/* The container's own files, in an object of their own, so that no reader takes a claim for a fact. */
static void add_claimed(json_object *to, const struct machine_system *system)
{
	json_object *object;
	char id[ID128_TEXT_SIZE];

	if (!system->has_id && !system->os && !system->version && !system->os_name)
		return;
	object = json_object_new_object();
	if (system->has_id)
		add_string(object, "id", id128_format(system->id, id));
	add_escaped(object, "os", system->os);
	add_escaped(object, "version", system->version);
	add_escaped(object, "osName", system->os_name);
	add_field(to, "claimed", object);
}

static void add_timestamp(json_object *to, const struct machine *m)
{
	json_object *object = json_object_new_object();

	add_number(object, "realtime", m->realtime);
	add_number(object, "monotonic", m->monotonic);
	add_field(to, "timestamp", object);
}

static void add_signal(json_object *to, const char *key, uint32_t signal)
{
	char name[SIGNAL_NAME_SIZE];

	if (signal)
		add_string(to, key, signal_format((int) signal, name));
}

json_object *json_from_machine(const struct machine *m, const struct pid_context *context)
{
	const struct machine_leader *supervisor = machine_supervisor(m, context);
	json_object *object = json_object_new_object();
	char id[ID128_TEXT_SIZE];

	add_string(object, "name", m->name);
	if (m->has_id)
		add_string(object, "id", id128_format(m->id, id));
	add_description(object, m);
	add_string(object, "service", m->service);
	add_string(object, "class", machine_class_name(m->class));
	add_number(object, "leader", m->leader.pid);
	add_field(object, "leaderProcessId", from_process(&m->leader, context));
	if (supervisor) {
		add_number(object, "supervisor", supervisor->pid);
		add_field(object, "supervisorProcessId", from_process(supervisor, context));
	}
	add_root(object, m);
	add_string(object, "unit", m->unit);
	add_timestamp(object, m);
	if (m->owner)
		add_number(object, "owner", m->owner);
	if (m->vsock_cid)
		add_number(object, "vSockCid", m->vsock_cid);
	add_string(object, "sshAddress", m->ssh_address);
	add_string(object, "sshPrivateKeyPath", m->ssh_key);
	add_string(object, "control", m->control);
	add_string(object, "controlAddress", m->control_address);
	add_signal(object, "poweroffSignal", m->poweroff_signal);
	add_signal(object, "rebootSignal", m->reboot_signal);
	add_addresses(object, m, false);
	add_unanswered(object, m);
	add_interfaces(object, m, false);
	add_aliases(object, m);
	add_map(object, "uidMap", &m->uids);
	add_map(object, "gidMap", &m->gids);
	if (machine_is_host_process(m))
		add_field(object, "ownNamespaces", json_object_new_boolean(false));
	if (m->namespaces & MACHINE_HAS_LOST_IDS)
		add_field(object, "idsLost", json_object_new_boolean(true));
	add_given(object, m);
	add_claimed(object, &m->system);
	return object;
}

json_object *json_from_live_machine(const struct machine *m, const struct pid_context *context,
				    enum machine_state state)
{
	json_object *object = json_from_machine(m, context);

	add_string(object, "state", machine_state_name(state));
	return object;
}
