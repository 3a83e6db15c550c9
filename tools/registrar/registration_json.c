/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/registrar/registration_json.h"

#include "base/array_size.h"
#include "base/format.h"
#include "base/json_value.h"
#include "base/number.h"
#include "base/quote.h"
#include "host/process.h"
#include "registry/words.h"

#include <stdio.h>
#include <string.h>

static int refuse_field(struct failure *f, const char *field, const char *why)
{
	char quoted[QUOTED_SIZE];

	return failure_set(f, FAILURE_INVALID, "field '%s' %s", quote(field, quoted), why);
}

/* The decimal text of a whole number, or NULL for another value. */
static const char *number_text(json_object *value, char text[static 24])
{
	if (!json_object_is_type(value, json_type_int))
		return NULL;
	sprintf(text, "%lld", (long long) json_object_get_int64(value));
	return text;
}

static int set_string(struct registration *reg, const char *field, json_object *value,
		      registration_setter *set, struct failure *f)
{
	const char *text = json_string(value);

	return text ? set(reg, text, f) : refuse_field(f, field, "isn't a string");
}

static int set_number(struct registration *reg, const char *field, json_object *value,
		      registration_setter *set, struct failure *f)
{
	char number[24];
	const char *text = number_text(value, number);

	return text ? set(reg, text, f) : refuse_field(f, field, "isn't a whole number");
}

/* Paths and descriptions are printed with \xNN for a byte that can't be shown. */
static int set_path(struct registration *reg, const char *field, json_object *value,
		    registration_setter *set, struct failure *f)
{
	const char *text = json_string(value);

	return text ? set(reg, unescape(arena_strdup(reg->arena, text)), f)
		    : refuse_field(f, field, "isn't a string");
}

static int set_leader(struct registration *reg, const char *field, json_object *value,
		      registration_setter *set, struct failure *f)
{
	int64_t before = reg->leader;
	bool had_one = reg->has_leader;

	if (set_number(reg, field, value, set, f) < 0)
		return -1;
	return had_one && reg->leader != before
		       ? refuse_field(f, field, "names another leader than before")
		       : 0;
}

static int set_supervisor(struct registration *reg, const char *field, json_object *value,
			  registration_setter *set, struct failure *f)
{
	uint32_t before = reg->machine.supervisor.pid;

	if (set_number(reg, field, value, set, f) < 0)
		return -1;
	return before && reg->machine.supervisor.pid != before
		       ? refuse_field(f, field, "names another supervisor than before")
		       : 0;
}

/* A list may be read in another boot than it was written in: its pids are other processes' then. */
static int check_boot(const char *field, json_object *process, struct failure *f)
{
	json_object *id;
	const char *text;

	if (!json_object_object_get_ex(process, "bootId", &id) || !id)
		return 0;
	text = json_string(id);
	if (!text)
		return refuse_field(f, field, "has a bootId that isn't a string");
	return boot_is_current(text) ? 0 : refuse_field(f, field, "is of another boot");
}

/* The inode of the process's pidfd, or 0 if it isn't known. */
static int read_pidfd_inode(const char *field, json_object *process, uint64_t *inode,
			    struct failure *f)
{
	json_object *number;

	*inode = 0;
	if (!json_object_object_get_ex(process, "pidfdId", &number) || !number)
		return 0;
	if (!json_object_is_type(number, json_type_int) || json_object_get_int64(number) < 0)
		return refuse_field(f, field, "has a pidfdId that isn't a whole number");
	*inode = json_object_get_uint64(number);
	return 0;
}

static int set_leader_process(struct registration *reg, const char *field, json_object *pid,
			      uint64_t inode, struct failure *f)
{
	if (set_leader(reg, field, pid, registration_set_leader, f) < 0)
		return -1;
	reg->expected.pidfd_inode = inode;
	return 0;
}

static int set_supervisor_process(struct registration *reg, const char *field, json_object *pid,
				  uint64_t inode, struct failure *f)
{
	struct machine_leader expected;

	if (set_supervisor(reg, field, pid, registration_set_supervisor, f) < 0)
		return -1;
	expected =
		(struct machine_leader){ .pid = reg->machine.supervisor.pid, .pidfd_inode = inode };
	return registration_set_supervisor_process(reg, &expected, f);
}

static int set_process(struct registration *reg, const char *field, json_object *value,
		       registration_setter *set, struct failure *f)
{
	json_object *pid;
	uint64_t inode;

	if (!json_object_object_get_ex(value, "pid", &pid))
		return refuse_field(f, field, "isn't an object with a pid");
	if (check_boot(field, value, f) < 0 || read_pidfd_inode(field, value, &inode, f) < 0)
		return -1;
	return set == registration_set_leader ? set_leader_process(reg, field, pid, inode, f)
					      : set_supervisor_process(reg, field, pid, inode, f);
}

/* The text of an array's item, or NULL. An empty one would clear the items before it. */
static const char *item_text(json_object *item)
{
	const char *text = json_string(item);

	return text && *text ? text : NULL;
}

static int add_name(struct registration *reg, const char *field, json_object *item,
		    registration_setter *add, struct failure *f)
{
	const char *text = item_text(item);

	return text ? add(reg, text, f) : refuse_field(f, field, "has an item that is not a name");
}

static int add_interface(struct registration *reg, const char *field, json_object *item,
			 registration_setter *add, struct failure *f)
{
	char number[24];
	const char *text = item_text(item);

	if (!text)
		text = number_text(item, number);
	return text ? add(reg, text, f)
		    : refuse_field(f, field, "has an item that is not an interface");
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

		if (!number_text(interface, number) || id_parse(number, &index) < 0)
			return false;
		address.host_interface = index;
	}
	address_format(&address, text);
	return true;
}

static int add_address(struct registration *reg, const char *field, json_object *item,
		       registration_setter *add, struct failure *f)
{
	char formatted[ADDRESS_TEXT_SIZE];
	const char *text = item_text(item);

	if (!text && json_object_is_type(item, json_type_object) && address_text(item, formatted))
		text = formatted;
	return text ? add(reg, text, f)
		    : refuse_field(f, field, "has an item that is not an address");
}

static int add_extent(struct registration *reg, const char *field, json_object *item,
		      registration_setter *add, struct failure *f)
{
	static const char *const keys[] = { "inner", "outer", "count" };
	char numbers[3][24], text[80];

	for (int i = 0; i < 3; i++) {
		json_object *number;

		if (!json_object_object_get_ex(item, keys[i], &number) ||
		    !number_text(number, numbers[i]))
			return refuse_field(
				f, field,
				"has an item that is not an object of inner, outer and count");
	}
	sprintf(text, "%s:%s:%s", numbers[0], numbers[1], numbers[2]);
	return add(reg, text, f);
}

typedef int reader(struct registration *registration, const char *field, json_object *value,
		   registration_setter *set, struct failure *f);

static const struct field {
	const char *name;
	reader *read; /* of the value; of each item, if it is an array */
	registration_setter *set;
	bool is_array;
	bool is_found; /* it can be found, too: beside an object "given" it counts only in there */
} fields[] = {
	{ "name", set_string, registration_set_name, false },
	{ "leader", set_leader, registration_set_leader, false },
	{ "leaderProcessId", set_process, registration_set_leader, false },
	{ "supervisor", set_supervisor, registration_set_supervisor, false },
	{ "supervisorProcessId", set_process, registration_set_supervisor, false },
	{ "class", set_string, registration_set_class, false },
	{ "description", set_path, registration_set_description, false },
	{ "service", set_string, registration_set_service, false },
	{ "id", set_string, registration_set_id, false },
	{ "unit", set_string, registration_set_unit, false, true },
	{ "rootDirectory", set_path, registration_set_root, false, true },
	{ "sshAddress", set_string, registration_set_ssh_address, false },
	{ "sshPrivateKeyPath", set_string, registration_set_ssh_key, false },
	{ "controlAddress", set_string, registration_set_control_address, false },
	{ "control", set_string, registration_set_control, false },
	{ "poweroffSignal", set_string, registration_set_poweroff_signal, false },
	{ "rebootSignal", set_string, registration_set_reboot_signal, false },
	{ "vSockCid", set_number, registration_set_vsock_cid, false },
	{ "aliases", add_name, registration_add_alias, true },
	{ "ifIndices", add_interface, registration_add_interface, true, true },
	{ "addresses", add_address, registration_add_address, true, true },
	{ "uidMap", add_extent, registration_add_uid_extent, true, true },
	{ "gidMap", add_extent, registration_add_gid_extent, true, true },
	/* Listings have these, but nobody can set them; "given" is read separately. */
	{ "timestamp", NULL, NULL, false },
	{ "unansweredAddresses", NULL, NULL, false },
	{ "given", NULL, NULL, false },
	{ "ownNamespaces", NULL, NULL, false },
	{ "idsLost", NULL, NULL, false },
	{ "claimed", NULL, NULL, false },
	{ "owner", NULL, NULL, false },
	{ "state", NULL, NULL, false },
};

static const struct field *find_field(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static int read_field(struct registration *reg, const struct field *field, json_object *value,
		      struct failure *f)
{
	if (!value || !field->read)
		return 0;
	if (!field->is_array)
		return field->read(reg, field->name, value, field->set, f);
	if (!json_object_is_type(value, json_type_array))
		return refuse_field(f, field->name, "isn't an array");
	/* An empty array clears the list, as an empty option does. */
	if (field->set(reg, "", f) < 0)
		return -1;
	for (size_t i = 0; i < json_object_array_length(value); i++)
		if (field->read(reg, field->name, json_object_array_get_idx(value, i), field->set,
				f) < 0)
			return -1;
	return 0;
}

/* Read the fields of an object: those that can be found, the others, or both. */
static int read_fields(struct registration *reg, json_object *object, bool found, bool others,
		       struct failure *f)
{
	if (!json_object_is_type(object, json_type_object))
		return failure_set(f, FAILURE_INVALID, "isn't a JSON object");
	json_object_object_foreach (object, name, value) {
		const struct field *field = find_field(name);

		if (!field || (!others && !field->is_found))
			return refuse_field(f, name, "is unknown");
		if ((field->is_found ? found : others) && read_field(reg, field, value, f) < 0)
			return -1;
	}
	return 0;
}

static int read_object(struct registration *reg, json_object *object, struct failure *f)
{
	json_object *given = NULL;
	bool has_given = json_object_object_get_ex(object, "given", &given);

	if (read_fields(reg, object, !has_given, true, f) < 0)
		return -1;
	return has_given ? read_fields(reg, given, true, false, f) : 0;
}

int json_to_registration(const char *text, size_t length, struct registration *reg,
			 struct failure *f)
{
	const char *why;
	json_object *object = json_parse(text, length, &why);
	int r = -1;

	if (why)
		failure_set(f, FAILURE_INVALID, "no JSON: %s", why);
	else
		r = read_object(reg, object, f);
	json_object_put(object);
	return r;
}
