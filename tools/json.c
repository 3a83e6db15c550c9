/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/json.h"

#include "registry/cleanup.h"
#include "tools/format.h"
#include "tools/message.h"
#include "tools/os_release.h"
#include "tools/signal_name.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

int json_mode_parse(const char *text, enum json_mode *mode)
{
	char quoted[QUOTED_SIZE];

	if (strcmp(text, "pretty") == 0)
		*mode = JSON_PRETTY;
	else if (strcmp(text, "short") == 0)
		*mode = JSON_SHORT;
	else if (strcmp(text, "off") == 0)
		*mode = JSON_OFF;
	else {
		complain("--json=%s: not short, pretty or off", quote(text, quoted));
		return -1;
	}
	return 0;
}

void json_print(json_object *object, enum json_mode mode)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE;

	if (mode == JSON_PRETTY)
		flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
	puts(json_object_to_json_string_ext(object, flags));
	json_object_put(object);
}

static void add_string(json_object *to, const char *key, const char *value)
{
	if (value)
		json_object_object_add(to, key, json_object_new_string(value));
}

/* Ids, counts and inodes fit in 63 bits. */
static void add_number(json_object *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_int64((int64_t) value));
}

/* Varlink's ProcessId. */
static json_object *from_leader(const struct machine_leader *leader,
				const struct registry_origin *origin)
{
	json_object *object = json_object_new_object();
	char boot_id[ID128_TEXT_SIZE];

	add_number(object, "pid", leader->pid);
	if (leader->pidfd_inode)
		add_number(object, "pidfdId", leader->pidfd_inode);
	add_string(object, "bootId", id128_format(origin->boot_id, boot_id));
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
	json_object_object_add(object, "address", bytes);
	add_string(object, "addressString", address_format(address, text));
	add_string(object, "scope", scope_name(address->scope));
	if (*address->interface)
		add_string(object, "interface", escape(address->interface, interface));
	return object;
}

static void add_addresses(json_object *to, const struct machine *m, bool given_only)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < m->n_addresses; i++)
		if (!given_only || m->addresses[i].flags & ADDRESS_GIVEN)
			json_object_array_add(array, from_address(&m->addresses[i]));
	json_object_object_add(to, "addresses", array);
}

static void add_interfaces(json_object *to, const struct machine *m, bool given_only)
{
	json_object *array = json_object_new_array();

	for (size_t i = 0; i < m->n_interfaces; i++)
		if (!given_only || m->interfaces[i].given)
			json_object_array_add(array, json_object_new_int64(m->interfaces[i].index));
	json_object_object_add(to, "ifIndices", array);
}

static void add_aliases(json_object *to, const struct machine *m)
{
	json_object *array = json_object_new_array();

	for (const char *alias = NULL; (alias = machine_next_alias(m, alias));)
		json_object_array_add(array, json_object_new_string(alias));
	json_object_object_add(to, "aliases", array);
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
	json_object_object_add(to, key, array);
}

static void add_root(json_object *to, const struct machine *m)
{
	char root[ESCAPED_SIZE(MACHINE_ROOT_MAX)];

	if (m->root_directory)
		add_string(to, "rootDirectory", escape(m->root_directory, root));
}

static void drop_if_empty(json_object *from, const char *key)
{
	json_object *array;

	if (json_object_object_get_ex(from, key, &array) && json_object_array_length(array) == 0)
		json_object_object_del(from, key);
}

/*
 * What was said of the facts that are found otherwise. Read back, only this
 * counts: what was found is to be found again.
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
	/* Empty ones would take back, when read, what is said there. */
	drop_if_empty(object, "ifIndices");
	drop_if_empty(object, "addresses");
	json_object_object_add(to, "given", object);
}

static void add_timestamp(json_object *to, const struct machine *m)
{
	json_object *object = json_object_new_object();

	add_number(object, "realtime", m->realtime);
	add_number(object, "monotonic", m->monotonic);
	json_object_object_add(to, "timestamp", object);
}

static void add_signal(json_object *to, const char *key, uint32_t signal)
{
	char name[SIGNAL_NAME_SIZE];

	if (signal)
		add_string(to, key, signal_format((int) signal, name));
}

json_object *json_from_machine(const struct machine *m, const struct registry_origin *origin)
{
	json_object *object = json_object_new_object();
	char id[ID128_TEXT_SIZE];

	add_string(object, "name", m->name);
	if (m->has_id)
		add_string(object, "id", id128_format(m->id, id));
	add_string(object, "service", m->service);
	add_string(object, "class", machine_class_name(m->class));
	add_number(object, "leader", m->leader.pid);
	json_object_object_add(object, "leaderProcessId", from_leader(&m->leader, origin));
	add_root(object, m);
	add_string(object, "unit", m->unit);
	add_timestamp(object, m);
	if (m->vsock_cid)
		add_number(object, "vSockCid", m->vsock_cid);
	add_string(object, "sshAddress", m->ssh_address);
	add_string(object, "control", m->control);
	add_signal(object, "poweroffSignal", m->poweroff_signal);
	add_signal(object, "rebootSignal", m->reboot_signal);
	add_addresses(object, m, false);
	add_interfaces(object, m, false);
	add_aliases(object, m);
	add_map(object, "uidMap", &m->uids);
	add_map(object, "gidMap", &m->gids);
	add_given(object, m);
	return object;
}

json_object *json_from_live_machine(const struct machine *m, const struct registry_origin *origin)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	json_object *object = json_from_machine(m, origin);
	struct os_release os = os_release_read(&arena, m, origin);

	add_string(object, "os", os.id);
	add_string(object, "version", os.version_id);
	return object;
}

static int wrong(const struct registration *reg, const char *field, const char *why)
{
	char quoted[QUOTED_SIZE];

	complain("%s: field '%s' %s", reg->subject, quote(field, quoted), why);
	return -1;
}

/* A whole number as its decimal text, in `text`, or NULL. */
static const char *number_of(json_object *value, char text[static 24])
{
	if (!json_object_is_type(value, json_type_int))
		return NULL;
	sprintf(text, "%lld", (long long) json_object_get_int64(value));
	return text;
}

typedef int setter(struct registration *registration, const char *value);

static int set_string(struct registration *reg, const char *field, json_object *value, setter *set)
{
	const char *text = json_string(value);

	return text ? set(reg, text) : wrong(reg, field, "isn't a string");
}

static int set_number(struct registration *reg, const char *field, json_object *value, setter *set)
{
	char number[24];
	const char *text = number_of(value, number);

	return text ? set(reg, text) : wrong(reg, field, "isn't a whole number");
}

/* A path as it is printed: \xNN stands for a byte. */
static int set_path(struct registration *reg, const char *field, json_object *value, setter *set)
{
	const char *text = json_string(value);

	return text ? set(reg, unescape(arena_strdup(reg->arena, text)))
		    : wrong(reg, field, "isn't a string");
}

static int set_leader(struct registration *reg, const char *field, json_object *value, setter *set)
{
	int64_t before = reg->leader;
	bool had_one = reg->has_leader;

	if (set_number(reg, field, value, set) < 0)
		return -1;
	return had_one && reg->leader != before
		       ? wrong(reg, field, "names another leader than before")
		       : 0;
}

static int set_process(struct registration *reg, const char *field, json_object *value, setter *set)
{
	json_object *pid;

	if (!json_object_object_get_ex(value, "pid", &pid))
		return wrong(reg, field, "isn't an object with a pid");
	return set_leader(reg, field, pid, set);
}

/* An item of an array: an empty one would take back those before it. */
static const char *item_string_of(json_object *item)
{
	const char *text = json_string(item);

	return text && *text ? text : NULL;
}

static int add_name(struct registration *reg, const char *field, json_object *item, setter *add)
{
	const char *text = item_string_of(item);

	return text ? add(reg, text) : wrong(reg, field, "has what is no name");
}

static int add_interface(struct registration *reg, const char *field, json_object *item,
			 setter *add)
{
	char number[24];
	const char *text = item_string_of(item);

	if (!text)
		text = number_of(item, number);
	return text ? add(reg, text) : wrong(reg, field, "has what is no interface");
}

/* Varlink's Address as text. */
static bool address_text(json_object *item, char text[static ADDRESS_TEXT_SIZE])
{
	json_object *family, *bytes, *interface;
	struct machine_address address = { 0 };

	if (!json_object_object_get_ex(item, "family", &family) ||
	    !json_object_object_get_ex(item, "address", &bytes) ||
	    !json_object_is_type(family, json_type_int) ||
	    !json_object_is_type(bytes, json_type_array))
		return false;
	address.family = (uint8_t) json_object_get_int(family);
	if (json_object_get_int(family) != address.family || address_length(address.family) == 0 ||
	    json_object_array_length(bytes) != address_length(address.family))
		return false;
	for (size_t i = 0; i < address_length(address.family); i++) {
		json_object *byte = json_object_array_get_idx(bytes, i);

		if (!json_object_is_type(byte, json_type_int) || json_object_get_int(byte) < 0 ||
		    json_object_get_int(byte) > 255)
			return false;
		address.bytes[i] = (uint8_t) json_object_get_int(byte);
	}
	address.scope = address_scope(address.family, address.bytes);
	if (json_object_object_get_ex(item, "ifindex", &interface)) {
		char number[24];
		uint32_t index;

		if (!number_of(interface, number) || id_parse(number, &index) < 0)
			return false;
		address.host_interface = index;
	}
	address_format(&address, text);
	return true;
}

static int add_address(struct registration *reg, const char *field, json_object *item, setter *add)
{
	char formatted[ADDRESS_TEXT_SIZE];
	const char *text = item_string_of(item);

	if (!text && json_object_is_type(item, json_type_object) && address_text(item, formatted))
		text = formatted;
	return text ? add(reg, text) : wrong(reg, field, "has what is no address");
}

static int add_extent(struct registration *reg, const char *field, json_object *item, setter *add)
{
	static const char *const keys[] = { "inner", "outer", "count" };
	char numbers[3][24], text[80];

	for (int i = 0; i < 3; i++) {
		json_object *number;

		if (!json_object_object_get_ex(item, keys[i], &number) ||
		    !number_of(number, numbers[i]))
			return wrong(reg, field,
				     "has what isn't an object of inner, outer and count");
	}
	sprintf(text, "%s:%s:%s", numbers[0], numbers[1], numbers[2]);
	return add(reg, text);
}

typedef int reader(struct registration *registration, const char *field, json_object *value,
		   setter *set);

static const struct field {
	const char *name;
	reader *read; /* of the value; of each item, if it is an array */
	setter *set;
	bool is_array;
	bool is_found; /* it may be in "given", and then counts only there */
} fields[] = {
	{ "name", set_string, registration_set_name, false },
	{ "leader", set_leader, registration_set_leader, false },
	{ "leaderProcessId", set_process, registration_set_leader, false },
	{ "class", set_string, registration_set_class, false },
	{ "service", set_string, registration_set_service, false },
	{ "id", set_string, registration_set_id, false },
	{ "unit", set_string, registration_set_unit, false, true },
	{ "rootDirectory", set_path, registration_set_root, false, true },
	{ "sshAddress", set_string, registration_set_ssh_address, false },
	{ "control", set_string, registration_set_control, false },
	{ "poweroffSignal", set_string, registration_set_poweroff_signal, false },
	{ "rebootSignal", set_string, registration_set_reboot_signal, false },
	{ "vSockCid", set_number, registration_set_vsock_cid, false },
	{ "aliases", add_name, registration_add_alias, true },
	{ "ifIndices", add_interface, registration_add_interface, true, true },
	{ "addresses", add_address, registration_add_address, true, true },
	{ "uidMap", add_extent, registration_add_uid_extent, true, true },
	{ "gidMap", add_extent, registration_add_gid_extent, true, true },
	/* What a listing says and nobody can set; and what is read apart. */
	{ "timestamp", NULL, NULL, false },
	{ "given", NULL, NULL, false },
	{ "os", NULL, NULL, false },
	{ "version", NULL, NULL, false },
};

static const struct field *find_field(const char *name)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static int read_field(struct registration *reg, const struct field *field, json_object *value)
{
	if (!value || !field->read)
		return 0;
	if (!field->is_array)
		return field->read(reg, field->name, value, field->set);
	if (!json_object_is_type(value, json_type_array))
		return wrong(reg, field->name, "isn't an array");
	/* An empty array says that there are none, as an empty option does. */
	if (field->set(reg, "") < 0)
		return -1;
	for (size_t i = 0; i < json_object_array_length(value); i++)
		if (field->read(reg, field->name, json_object_array_get_idx(value, i), field->set) <
		    0)
			return -1;
	return 0;
}

/* The fields of an object, those that are found only, or all but these. */
static int read_fields(struct registration *reg, json_object *object, bool found, bool others)
{
	if (!json_object_is_type(object, json_type_object)) {
		complain("%s: isn't a JSON object", reg->subject);
		return -1;
	}
	json_object_object_foreach (object, name, value) {
		const struct field *field = find_field(name);

		if (!field || (!others && !field->is_found))
			return wrong(reg, name, "is unknown");
		if ((field->is_found ? found : others) && read_field(reg, field, value) < 0)
			return -1;
	}
	return 0;
}

static int read_object(struct registration *reg, json_object *object)
{
	json_object *given = NULL;
	bool has_given = json_object_object_get_ex(object, "given", &given);

	if (read_fields(reg, object, !has_given, true) < 0)
		return -1;
	return has_given ? read_fields(reg, given, true, false) : 0;
}

/* A NUL ends strings in C, and so keys, values and the text itself: "\\u0000" is one. */
static bool has_nul(const char *text, size_t length)
{
	if (strlen(text) != length)
		return true;
	while ((text = strchr(text, '\\'))) {
		if (strncmp(text + 1, "u0000", 5) == 0)
			return true;
		text += text[1] ? 2 : 1;
	}
	return false;
}

json_object *json_parse(const char *text, size_t length, const char **why)
{
	json_tokener *tokener = json_tokener_new();
	json_object *object;

	if (!tokener)
		arena_out_of_memory();
	*why = NULL;
	if (length > INT_MAX - 1 || has_nul(text, length)) {
		*why = "has a NUL";
		json_tokener_free(tokener);
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* With its NUL: only then is a bare number or a cut object an error. */
	object = json_tokener_parse_ex(tokener, text, (int) length + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		*why = json_tokener_error_desc(json_tokener_get_error(tokener));
	json_tokener_free(tokener);
	return object;
}

const char *json_string(json_object *value)
{
	const char *text =
		json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;

	return text && strlen(text) == (size_t) json_object_get_string_len(value) ? text : NULL;
}

int json_to_registration(const char *text, size_t length, struct registration *reg)
{
	const char *why;
	json_object *object = json_parse(text, length, &why);
	int r = -1;

	if (why)
		complain("%s: no JSON: %s", reg->subject, why);
	else
		r = read_object(reg, object);
	json_object_put(object);
	return r;
}
