/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MapFrom and MapTo: ids of a machine's users and groups, in the machine and on the host. */
#include "base/array_size.h"
#include "base/cleanup.h"
#include "registry/lookup.h"
#include "registry/mapped_id.h"
#include "tools/machine/machine_error.h"
#include "tools/machine/machine_methods.h"
#include "tools/machine/machine_who.h"

#include <errno.h>
#include <string.h>

/* No user has these: chown(2) takes them for "unchanged", the second where ids had 16 bits. */
static bool is_no_id(int64_t id)
{
	return id < 0 || id >= UINT32_MAX || id == 65535;
}

/* The parameter that is not an id, or NULL. */
static const char *check_ids(const struct machine_input *input)
{
	if (input->uid.is_given && is_no_id(input->uid.value))
		return "uid";
	return input->gid.is_given && is_no_id(input->gid.value) ? "gid" : NULL;
}

static void add_id(json_object *to, const char *key, uint32_t id)
{
	json_object_object_add(to, key, json_object_new_int64(id));
}

/* Add the host's id for one in the machine, if that is asked for. False if there is none. */
static bool add_outer(json_object *to, const char *key, const struct idmap *map,
		      const struct machine_number *inner)
{
	uint32_t outer;

	if (!inner->is_given)
		return true;
	if (idmap_to_outer(map, (uint32_t) inner->value, &outer) < 0)
		return false;
	add_id(to, key, outer);
	return true;
}

void answer_map_from(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = {
		PARAMETERS_WHO,
		PARAMETER("uid", NUMBER, uid),
		PARAMETER("gid", NUMBER, gid),
	};
	CLEANUP(call_target_close) struct call_target target = { 0 };
	struct machine_input input;
	json_object *reply;
	const char *wrong;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false))
		return;
	wrong = check_ids(&input);
	if (wrong) {
		varlink_invalid_parameter(call, wrong);
		return;
	}
	if (!machine_who_open_container(&target, call, &input))
		return;
	reply = json_object_new_object();
	if (!add_outer(reply, "uid", &target.machine.uids, &input.uid))
		machine_refuse(call, MACHINE_ERROR("NoSuchUser"));
	else if (!add_outer(reply, "gid", &target.machine.gids, &input.gid))
		machine_refuse(call, MACHINE_ERROR("NoSuchGroup"));
	else
		varlink_reply(call, json_object_get(reply));
	json_object_put(reply);
}

/* Find the machine that maps an id of the host. 0, or -1 when the call has been answered. */
static int find_inner(struct varlink_call *call, struct snapshot *snapshot, enum id_kind kind,
		      int64_t outer, struct mapped_id *id)
{
	struct id_range range = { 0 };
	struct failure failure;
	int r;

	if (!host_id_can_be_mapped((uint32_t) outer)) {
		machine_refuse(call, kind == ID_UID ? MACHINE_ERROR("UserInHostRange")
						    : MACHINE_ERROR("GroupInHostRange"));
		return -1;
	}
	r = snapshot->is_open ? snapshot_find_id(snapshot, kind, (uint32_t) outer, &range)
			      : -ENOENT;
	if (r == 0)
		r = mapped_id_in_range(&range, (uint32_t) outer, id);
	if (r == 0)
		return 0;
	if (r == -ENOENT) {
		machine_refuse(call, kind == ID_UID ? MACHINE_ERROR("NoSuchUser")
						    : MACHINE_ERROR("NoSuchGroup"));
	} else {
		failure_errno(&failure, r, "cannot find an id");
		machine_fail(call, &failure);
	}
	return -1;
}

static void map_to(struct varlink_call *call, const struct machine_input *input,
		   struct snapshot *snapshot)
{
	struct mapped_id uid = { 0 }, gid = { 0 };
	json_object *reply;

	if ((input->uid.is_given &&
	     find_inner(call, snapshot, ID_UID, input->uid.value, &uid) < 0) ||
	    (input->gid.is_given && find_inner(call, snapshot, ID_GID, input->gid.value, &gid) < 0))
		return;
	/* One reply can't name two machines. */
	if (input->uid.is_given && input->gid.is_given && strcmp(uid.machine, gid.machine) != 0) {
		machine_refuse(call, MACHINE_ERROR("NoSuchMachine"));
		return;
	}
	reply = json_object_new_object();
	json_object_object_add(
		reply, "machineName",
		json_object_new_string(input->uid.is_given ? uid.machine : gid.machine));
	if (input->uid.is_given)
		add_id(reply, "uid", uid.inner);
	if (input->gid.is_given)
		add_id(reply, "gid", gid.inner);
	varlink_reply(call, reply);
}

void answer_map_to(struct varlink_call *call)
{
	static const struct machine_parameter parameters[] = {
		PARAMETER("uid", NUMBER, uid),
		PARAMETER("gid", NUMBER, gid),
	};
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	struct machine_input input;
	struct failure failure;
	const char *wrong;

	if (!machine_input_read(&input, call, parameters, ARRAY_SIZE(parameters), false))
		return;
	wrong = check_ids(&input);
	if (wrong)
		varlink_invalid_parameter(call, wrong);
	else if (!input.uid.is_given && !input.gid.is_given)
		machine_refuse(call, MACHINE_ERROR("NoSuchMachine"));
	else if (registry_open(&snapshot, &failure) < 0)
		machine_fail(call, &failure);
	else
		map_to(call, &input, &snapshot);
}
