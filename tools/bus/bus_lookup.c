/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/bus/bus_lookup.h"

#include "base/cleanup.h"
#include "host/host_machine.h"
#include "registry/lookup.h"
#include "registry/mapped_id.h"
#include "tools/bus/bus.h"
#include "tools/bus/bus_client.h"
#include "tools/bus/bus_job.h"
#include "tools/bus/bus_machines.h"
#include "tools/bus/bus_reply.h"
#include "tools/bus/bus_target.h"
#include "tools/calls/enter_work.h"
#include "tools/calls/os_release_text.h"
#include "tools/calls/process_machine.h"

#include <errno.h>
#include <string.h>

static int reply_path(sd_bus_message *call, const char *name)
{
	CLEANUP_FREE char *path = bus_machine_path(name);

	return path ? sd_bus_reply_method_return(call, "o", path) : -ENOMEM;
}

BUS_HANDLER(bus_get_machine)
{
	struct snapshot *snapshot;
	struct machine machine;
	struct failure failure;
	const char *name;
	int r = sd_bus_message_read(call, "s", &name);

	if (r < 0)
		return r;
	if (strcmp(name, ".host") == 0)
		return reply_path(call, name);
	r = bus_registry(userdata, &snapshot, error);
	if (r < 0)
		return r;
	if (machine_find(snapshot, name, &machine, &failure) < 0)
		return failure.kind == FAILURE_NO_MACHINE ? bus_fail_no_machine(error, name)
							  : bus_fail(error, &failure);
	return reply_path(call, machine.name);
}

/* Of a process that the list doesn't tell of. */
static int reply_member(struct bus *bus, sd_bus_message *call, struct snapshot *registry, pid_t pid,
			sd_bus_error *error)
{
	CLEANUP_FREE char *name = NULL;
	struct machine led;
	int r;

	if (snapshot_find_leader(registry, (uint32_t) pid, &led) == 0 &&
	    bus_machine_may_live(bus, registry, &led))
		return reply_path(call, led.name);
	r = process_machine_in(registry, pid, &name);
	if (r < 0 && r != -ESRCH)
		return r;
	if (!name)
		return sd_bus_error_setf(error, "org.freedesktop.machine1.NoMachineForPID",
					 "PID %i does not belong to any known machine", pid);
	return reply_path(call, name);
}

BUS_HANDLER(bus_get_machine_by_pid)
{
	const struct listed_machine *listed;
	struct snapshot *registry;
	uint32_t number;
	pid_t pid;
	int r = sd_bus_message_read(call, "u", &number);

	if (r < 0)
		return r;
	if (number > INT32_MAX)
		return -EINVAL;
	pid = (pid_t) number;
	if (pid == 0)
		r = bus_caller_pid(call, &pid);
	if (r >= 0)
		r = bus_registry(userdata, &registry, error);
	if (r < 0)
		return r;
	listed = bus_machine_led_by(userdata, registry, (uint32_t) pid);
	return listed ? sd_bus_reply_method_return(call, "o", listed->path)
		      : reply_member(userdata, call, registry, pid, error);
}

static int append_machine(sd_bus_message *reply, const char *name, const char *class,
			  const char *service, const char *path)
{
	return sd_bus_message_append(reply, "(ssso)", name, class, service, path);
}

static int append_machines(sd_bus_message *reply, void *list)
{
	CLEANUP_FREE char *host = bus_machine_path(".host");
	const struct listed_machine *m;
	size_t at = 0;
	int r = host ? append_machine(reply, ".host", "host", "", host) : -ENOMEM;

	while (r >= 0 && (m = bus_machines_next(list, &at)))
		r = append_machine(reply, m->name, m->class, m->service, m->path);
	return r;
}

BUS_HANDLER(bus_list_machines)
{
	struct bus_machines *list = bus_machines(userdata);
	int r = bus_machines_update(userdata, error);

	return r < 0 ? r : bus_reply(call, "(ssso)", append_machines, list);
}

static int append_address(void *reply, uint32_t interface, int family, const void *bytes)
{
	int r = sd_bus_message_open_container(reply, 'r', "iay");

	(void) interface;
	if (r >= 0)
		r = sd_bus_message_append(reply, "i", family);
	if (r >= 0)
		r = sd_bus_message_append_array(reply, 'y', bytes,
						address_length((uint8_t) family));
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : 0;
}

static int append_addresses(sd_bus_message *reply, void *data)
{
	const struct call_target *target = data;
	const struct machine *m = &target->machine;
	int r = 0;

	if (target->is_host)
		return host_addresses_each(append_address, reply) < 0 ? -EIO : 0;
	for (size_t i = 0; r >= 0 && i < m->n_addresses; i++)
		r = append_address(reply, 0, m->addresses[i].family, m->addresses[i].bytes);
	return r;
}

BUS_HANDLER(bus_get_addresses)
{
	struct call_target target = { 0 };
	int r = bus_target_find(userdata, &target, call, error);

	if (r < 0)
		return r;
	if (!target.is_host && target.machine.class != MACHINE_CONTAINER &&
	    !target.machine.n_addresses)
		return sd_bus_error_set(
			error, SD_BUS_ERROR_NOT_SUPPORTED,
			"Requesting IP address data is only supported on container machines.");
	if (!target.is_host && !target.machine.n_addresses &&
	    !bus_machine_may_live(userdata, &target.snapshot, &target.machine))
		return sd_bus_error_setf(error, SD_BUS_ERROR_FILE_NOT_FOUND,
					 "Machine %s has no network any more: its leader has died",
					 target.name);
	if (!target.is_host && !target.machine.n_addresses &&
	    !call_target_has_private_network(&target))
		return sd_bus_error_setf(error, "org.freedesktop.machine1.NoPrivateNetworking",
					 "Machine %s does not use private networking", target.name);
	return bus_reply(call, "(iay)", append_addresses, &target);
}

static int append_assignments(sd_bus_message *reply, void *data)
{
	char *text = data;
	const char *key, *value;
	int r = 0;

	while (r >= 0 && os_release_next(&text, &key, &value))
		r = sd_bus_message_append(reply, "{ss}", key, value);
	return r;
}

int bus_reply_assignments(struct bus *bus, sd_bus_message *call, const struct work_result *result,
			  sd_bus_error *error)
{
	CLEANUP_FREE char *text = strndup(result->text, result->size);

	(void) bus, (void) error;
	return text ? bus_reply(call, "{ss}", append_assignments, text) : -ENOMEM;
}

BUS_HANDLER(bus_get_os_release)
{
	struct call_target target = { 0 };
	int r = bus_target_find_system(
		userdata, &target, call,
		"Requesting OS release data is only supported on container machines.", error);

	return r < 0 ? r
		     : bus_job_start(userdata, call, os_release_work, &target,
				     bus_reply_assignments, FILE_WORK_MS, error);
}

BUS_HANDLER(bus_get_uid_shift)
{
	struct call_target target = { 0 };
	uint32_t shift;
	int r = bus_target_find_system(
		userdata, &target, call,
		"Requesting UID/GID shift is only supported on container machines.", error);

	if (r < 0)
		return r;
	if (!call_target_uid_shift(&target, &shift))
		return sd_bus_error_setf(
			error, SD_BUS_ERROR_NOT_SUPPORTED,
			"Machine %s uses a complex UID/GID mapping, cannot determine shift",
			target.name);
	return sd_bus_reply_method_return(call, "u", shift);
}

BUS_HANDLER(bus_get_ssh_info)
{
	struct call_target target = { 0 };
	int r = bus_target_find(userdata, &target, call, error);

	if (r < 0)
		return r;
	if (target.is_host || !target.machine.ssh_address)
		return sd_bus_error_setf(error, SD_BUS_ERROR_NOT_SUPPORTED,
					 "Machine %s has no SSH address", target.name);
	return sd_bus_reply_method_return(call, "ss", target.machine.ssh_address,
					  target.machine.ssh_key ? target.machine.ssh_key : "");
}

static int map_from(struct bus *bus, sd_bus_message *call, enum id_kind kind, sd_bus_error *error)
{
	struct call_target target = { 0 };
	uint32_t inner, outer;
	int r = bus_target_find(bus, &target, call, error);

	if (r >= 0)
		r = sd_bus_message_read(call, "u", &inner);
	if (r < 0)
		return r;
	if (inner == UINT32_MAX || inner == 65535)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid %s ID %u",
					 kind == ID_UID ? "user" : "group", inner);
	if (target.is_host || target.machine.class != MACHINE_CONTAINER)
		return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
					"Not supported for non-container machines.");
	if (idmap_to_outer(kind == ID_UID ? &target.machine.uids : &target.machine.gids, inner,
			   &outer) < 0)
		return sd_bus_error_setf(error, "org.freedesktop.machine1.NoSuchUserMapping",
					 "Machine '%s' has no matching user/group mappings.",
					 target.name);
	return sd_bus_reply_method_return(call, "u", outer);
}

BUS_HANDLER(bus_map_from_user)
{
	return map_from(userdata, call, ID_UID, error);
}

BUS_HANDLER(bus_map_from_group)
{
	return map_from(userdata, call, ID_GID, error);
}

static int map_to(struct bus *bus, sd_bus_message *call, enum id_kind kind, sd_bus_error *error)
{
	const char *what = kind == ID_UID ? "User" : "Group";
	CLEANUP_FREE char *path = NULL;
	struct snapshot *snapshot;
	struct id_range range = { 0 };
	struct mapped_id id;
	uint32_t outer;
	int r = sd_bus_message_read(call, "u", &outer);

	if (r < 0)
		return r;
	if (outer == UINT32_MAX || outer == 65535)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "Invalid %s ID %u",
					 kind == ID_UID ? "user" : "group", outer);
	if (!host_id_can_be_mapped(outer))
		return sd_bus_error_setf(error, "org.freedesktop.machine1.NoSuchUserMapping",
					 "%s %u belongs to host %s range", what, outer,
					 kind == ID_UID ? "UID" : "GID");
	r = bus_registry(bus, &snapshot, error);
	if (r < 0)
		return r;
	r = snapshot_find_id(snapshot, kind, outer, &range);
	if (r == 0)
		r = mapped_id_in_range(&range, outer, &id);
	if (r == -ENOENT)
		return sd_bus_error_setf(
			error,
			kind == ID_UID ? "org.freedesktop.machine1.NoSuchUserMapping"
				       : "org.freedesktop.machine1.NoSuchGroupMapping",
			"No matching %s mapping for %u.", kind == ID_UID ? "user" : "group", outer);
	if (r < 0)
		return r;
	path = bus_machine_path(id.machine);
	return path ? sd_bus_reply_method_return(call, "sou", id.machine, path, id.inner) : -ENOMEM;
}

BUS_HANDLER(bus_map_to_user)
{
	return map_to(userdata, call, ID_UID, error);
}

BUS_HANDLER(bus_map_to_group)
{
	return map_to(userdata, call, ID_GID, error);
}
