/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/varlink/user_database.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/json_value.h"
#include "registry/mapped_id.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NOBODY_GID 65534
#define NOLOGIN	   "/usr/sbin/nologin"

#define ERROR(name) "io.systemd.UserDatabase." name

/* The parameters that select a record. */
struct query {
	enum id_kind kind;
	const char *name; /* or NULL */
	bool has_id;
	uint32_t id;
	/* Of clients that leave records out: those of 258 and later. */
	uint64_t id_min, id_max;
	json_object *dispositions; /* an array of strings, or NULL for all */
};

static const char *name_key(enum id_kind kind)
{
	return kind == ID_UID ? "userName" : "groupName";
}

static const char *id_key(enum id_kind kind)
{
	return kind == ID_UID ? "uid" : "gid";
}

/* A parameter that is there and isn't null, or NULL. */
static json_object *parameter(const struct varlink_call *call, const char *key)
{
	json_object *value = NULL;

	json_object_object_get_ex(call->parameters, key, &value);
	return value;
}

/* A parameter that is a whole number from 0 to `max`. 1; 0 if it is absent; -EINVAL. */
static int number_parameter(const struct varlink_call *call, const char *key, uint64_t max,
			    uint64_t *number)
{
	json_object *value = parameter(call, key);

	if (!value)
		return 0;
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0 ||
	    json_object_get_uint64(value) > max)
		return -EINVAL;
	*number = json_object_get_uint64(value);
	return 1;
}

/* A parameter that is text. 1; 0 if it is absent; -EINVAL. */
static int text_parameter(const struct varlink_call *call, const char *key, const char **text)
{
	json_object *value = parameter(call, key);

	if (!value)
		return 0;
	*text = json_string(value);
	return *text ? 1 : -EINVAL;
}

/* Whether the call is for this service. If not, it has been answered. */
static bool is_for_us(struct varlink_call *call)
{
	const char *service = NULL;

	if (text_parameter(call, "service", &service) < 0) {
		varlink_invalid_parameter(call, "service");
		return false;
	}
	if (!service || strcmp(service, call->service) != 0) {
		varlink_error(call, ERROR("BadService"), NULL);
		return false;
	}
	return true;
}

/* Read what is asked for. The name of a parameter that is wrong, or NULL. */
static const char *read_query(const struct varlink_call *call, struct query *q)
{
	const char *min = q->kind == ID_UID ? "uidMin" : "gidMin";
	const char *max = q->kind == ID_UID ? "uidMax" : "gidMax";
	uint64_t id = 0;
	int r;

	q->id_max = UINT32_MAX;
	if (text_parameter(call, name_key(q->kind), &q->name) < 0)
		return name_key(q->kind);
	r = number_parameter(call, id_key(q->kind), UINT32_MAX, &id);
	if (r < 0)
		return id_key(q->kind);
	q->has_id = r;
	q->id = (uint32_t) id;
	if (number_parameter(call, min, UINT32_MAX, &q->id_min) < 0)
		return min;
	if (number_parameter(call, max, UINT32_MAX, &q->id_max) < 0)
		return max;
	q->dispositions = parameter(call, "dispositionMask");
	if (q->dispositions && !json_object_is_type(q->dispositions, json_type_array))
		return "dispositionMask";
	return NULL;
}

/* Whether the client wants records like this one. */
static bool query_wants(const struct query *q, const struct mapped_id *found)
{
	bool wants = !q->dispositions;

	for (size_t i = 0; !wants && i < json_object_array_length(q->dispositions); i++) {
		const char *name = json_string(json_object_array_get_idx(q->dispositions, i));

		wants = name && strcmp(name, "container") == 0;
	}
	return wants && found->outer >= q->id_min && found->outer <= q->id_max;
}

static void add_text(json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_object_new_string(text));
}

static void add_number(json_object *to, const char *key, uint32_t number)
{
	json_object_object_add(to, key, json_object_new_int64(number));
}

static json_object *make_record(const struct varlink_call *call, enum id_kind kind,
				const struct mapped_id *found)
{
	json_object *record = json_object_new_object();
	char name[MACHINE_USER_NAME_SIZE], words[MACHINE_USER_NAME_SIZE + 32];

	user_name_format(name, kind == ID_UID ? MACHINE_USER_PREFIX : MACHINE_GROUP_PREFIX,
			 found->machine, found->inner);
	snprintf(words, sizeof words, "%s %u of Container %s", kind == ID_UID ? "UID" : "GID",
		 found->inner, found->machine);
	add_text(record, name_key(kind), name);
	add_number(record, id_key(kind), found->outer);
	if (kind == ID_UID) {
		add_number(record, "gid", NOBODY_GID);
		add_text(record, "realName", words);
		add_text(record, "homeDirectory", "/");
		add_text(record, "shell", NOLOGIN);
		json_object_object_add(record, "locked", json_object_new_boolean(true));
	} else {
		add_text(record, "description", words);
	}
	/* Clients refuse a record without it. */
	add_text(record, "service", call->service);
	add_text(record, "disposition", "container");
	return record;
}

/* By name and id, or one of them. 0; -ENOENT; -EEXIST if they are of two; or another error. */
static int find_record(const struct query *q, struct mapped_id *found)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	uint8_t room[RECORD_ROOM_SIZE];
	struct id_range range;
	int r = 0;

	if (q->name ? mapped_id_parse(q->kind, q->name, found) < 0 : !host_id_can_be_mapped(q->id))
		return -ENOENT;
	r = snapshot_open_unmapped(&snapshot, REGISTRY_PATH, room, sizeof room);
	if (r < 0)
		return r;
	if (!q->name) {
		r = snapshot_find_id(&snapshot, q->kind, q->id, &range);
		return r < 0 ? r : mapped_id_in_range(&range, q->id, found);
	}
	r = mapped_id_find(&snapshot, q->kind, found);
	return r == 0 && q->has_id && q->id != found->outer ? -EEXIST : r;
}

static void answer_record(struct varlink_call *call, const struct query *q)
{
	struct mapped_id found;
	json_object *reply;

	switch (find_record(q, &found)) {
	case 0: break;
	case -ENOENT:
	case -ESTALE: varlink_error(call, ERROR("NoRecordFound"), NULL); return;
	case -EEXIST: varlink_error(call, ERROR("ConflictingRecordFound"), NULL); return;
	default: varlink_error(call, ERROR("ServiceNotAvailable"), NULL); return;
	}
	if (!query_wants(q, &found)) {
		varlink_error(call, ERROR("NonMatchingRecordFound"), NULL);
		return;
	}
	reply = json_object_new_object();
	json_object_object_add(reply, "record", make_record(call, q->kind, &found));
	json_object_object_add(reply, "incomplete", json_object_new_boolean(false));
	varlink_reply(call, reply);
}

static void get_record(struct varlink_call *call, enum id_kind kind)
{
	struct query query = { .kind = kind };
	const char *wrong;

	if (!is_for_us(call))
		return;
	wrong = read_query(call, &query);
	if (wrong)
		varlink_invalid_parameter(call, wrong);
	else if (!query.name && !query.has_id)
		varlink_error(call, ERROR("EnumerationNotSupported"), NULL);
	else
		answer_record(call, &query);
}

static void get_user_record(struct varlink_call *call)
{
	get_record(call, ID_UID);
}

static void get_group_record(struct varlink_call *call)
{
	get_record(call, ID_GID);
}

/* Users of machines are in no groups but their own, which no record tells of. */
static void get_memberships(struct varlink_call *call)
{
	const char *name;

	if (!is_for_us(call))
		return;
	if (text_parameter(call, "userName", &name) < 0)
		varlink_invalid_parameter(call, "userName");
	else if (text_parameter(call, "groupName", &name) < 0)
		varlink_invalid_parameter(call, "groupName");
	else
		varlink_error(call, ERROR("NoRecordFound"), NULL);
}

static const struct varlink_method methods[] = {
	{ "GetUserRecord", get_user_record, false },
	{ "GetGroupRecord", get_group_record, false },
	{ "GetMemberships", get_memberships, false },
};

const struct varlink_interface user_database_interface = {
	.name = "io.systemd.UserDatabase",
	.description = "# The users and groups of the machines that are registered on this host\n"
		       "interface io.systemd.UserDatabase\n"
		       "\n"
		       "# Look up by name, by number, or both. There is no list of all.\n"
		       "method GetUserRecord(\n"
		       "  uid: ?int,\n"
		       "  userName: ?string,\n"
		       "  uidMin: ?int,\n"
		       "  uidMax: ?int,\n"
		       "  dispositionMask: ?[]string,\n"
		       "  service: string\n"
		       ") -> (record: object, incomplete: bool)\n"
		       "\n"
		       "method GetGroupRecord(\n"
		       "  gid: ?int,\n"
		       "  groupName: ?string,\n"
		       "  gidMin: ?int,\n"
		       "  gidMax: ?int,\n"
		       "  dispositionMask: ?[]string,\n"
		       "  service: string\n"
		       ") -> (record: object, incomplete: bool)\n"
		       "\n"
		       "# Users of machines have no supplementary groups.\n"
		       "method GetMemberships(\n"
		       "  userName: ?string,\n"
		       "  groupName: ?string,\n"
		       "  service: string\n"
		       ") -> (userName: string, groupName: string)\n"
		       "\n"
		       "error NoRecordFound()\n"
		       "error BadService()\n"
		       "error ServiceNotAvailable()\n"
		       "error ConflictingRecordFound()\n"
		       "error NonMatchingRecordFound()\n"
		       "error EnumerationNotSupported()\n",
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
};
