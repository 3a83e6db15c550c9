/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/machine/machine_describe.h"

#include "base/cleanup.h"
#include "base/format.h"
#include "host/host_machine.h"
#include "registry/leader_state.h"
#include "tools/calls/os_release_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_text(json_object *to, const char *key, const char *text)
{
	if (text)
		json_object_object_add(to, key, json_object_new_string(text));
}

static void add_number(json_object *to, const char *key, uint64_t number)
{
	json_object_object_add(to, key, json_object_new_uint64(number));
}

/* A path can have any byte but NUL, and JSON only characters. */
static void add_path(json_object *to, const char *key, const char *path)
{
	char text[ESCAPED_SIZE(MACHINE_ROOT_MAX)];

	if (path)
		add_text(to, key, escape_for_programs(path, text));
}

static void add_process(json_object *to, const char *key, const struct machine_leader *leader,
			const struct pid_context *context)
{
	json_object *process = json_object_new_object();
	char boot_id[ID128_TEXT_SIZE];

	add_number(process, "pid", leader->pid);
	if (leader->pidfd_inode)
		add_number(process, "pidfdId", leader->pidfd_inode);
	if (context)
		add_text(process, "bootId", id128_format(context->boot_id, boot_id));
	json_object_object_add(to, key, process);
}

static json_object *describe_machine(const struct machine *m, const struct pid_context *context)
{
	const struct machine_leader *supervisor = context ? machine_supervisor(m, context) : NULL;
	json_object *to = json_object_new_object(), *time = json_object_new_object();
	char id[ID128_TEXT_SIZE];

	add_text(to, "name", m->name);
	if (m->has_id)
		add_text(to, "id", id128_format(m->id, id));
	add_text(to, "class", machine_class_name(m->class));
	add_text(to, "service", m->service);
	add_path(to, "rootDirectory", m->root_directory);
	add_text(to, "unit", m->unit);
	add_process(to, "leader", &m->leader, context);
	if (supervisor)
		add_process(to, "supervisor", supervisor, context);
	add_number(time, "realtime", m->realtime);
	add_number(time, "monotonic", m->monotonic);
	json_object_object_add(to, "timestamp", time);
	if (m->vsock_cid)
		add_number(to, "vSockCid", m->vsock_cid);
	add_text(to, "sshAddress", m->ssh_address);
	add_text(to, "sshPrivateKeyPath", m->ssh_key);
	add_text(to, "controlAddress", m->control_address);
	add_number(to, "UID", m->owner);
	return to;
}

json_object *machine_describe(const struct call_target *target)
{
	struct pid_context here;
	struct machine host;

	if (!target->is_host)
		return describe_machine(&target->machine, &target->snapshot.meta.context);
	host_machine_read(&host);
	return describe_machine(&host, pid_context_read(&here) == 0 ? &here : NULL);
}

static void add_address(json_object *list, uint32_t interface, int family, const void *bytes,
			size_t size)
{
	json_object *address = json_object_new_object(), *array = json_object_new_array();

	if (interface)
		add_number(address, "ifindex", interface);
	add_number(address, "family", (uint64_t) family);
	for (size_t i = 0; i < size; i++)
		json_object_array_add(array, json_object_new_int(((const uint8_t *) bytes)[i]));
	json_object_object_add(address, "address", array);
	json_object_array_add(list, address);
}

static int add_host_address(void *list, uint32_t interface, int family, const void *bytes)
{
	add_address(list, interface, family, bytes, address_length((uint8_t) family));
	return 0;
}

bool machine_describe_addresses(json_object *to, const struct call_target *target)
{
	const struct machine *m = &target->machine;
	json_object *list;

	if (!target->is_host && !m->n_addresses && !call_target_has_private_network(target))
		return false;
	list = json_object_new_array();
	if (target->is_host)
		(void) !host_addresses_each(add_host_address, list);
	for (size_t i = 0; !target->is_host && i < m->n_addresses; i++)
		add_address(list, m->addresses[i].host_interface, m->addresses[i].family,
			    m->addresses[i].bytes, address_length(m->addresses[i].family));
	json_object_object_add(to, "addresses", list);
	return true;
}

void machine_describe_os_release(json_object *to, const char *text, size_t size)
{
	json_object_object_add(to, "OSRelease", os_release_to_json(text, size));
}

bool machine_describe_shift(json_object *to, const struct call_target *target)
{
	uint32_t shift = 0;

	if ((!target->is_host && !call_target_is_container(target)) ||
	    !call_target_uid_shift(target, &shift))
		return false;
	add_number(to, "UIDShift", shift);
	return true;
}
