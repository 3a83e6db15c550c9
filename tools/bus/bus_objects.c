/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects on the bus: the Manager, a machine each, and what they have. */
#include "base/cleanup.h"
#include "base/format.h"
#include "registry/lookup.h"
#include "tools/bus/bus.h"
#include "tools/bus/bus_images.h"
#include "tools/bus/bus_lookup.h"
#include "tools/bus/bus_machines.h"
#include "tools/bus/bus_operate.h"
#include "tools/bus/bus_target.h"
#include "tools/calls/image_work.h"
#include "tools/images/image_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *bus_machine_path(const char *name)
{
	char *path = NULL;

	return sd_bus_path_encode(BUS_MACHINE_PATH, name, &path) < 0 ? NULL : path;
}

int bus_machine_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
		     void **found, sd_bus_error *error)
{
	CLEANUP_FREE char *name = NULL;
	struct snapshot *snapshot;
	struct machine machine;
	struct failure failure;
	int r = bus_path_to_name(userdata, sd_bus_get_current_message(bus), path, &name);

	(void) interface;
	if (r <= 0)
		return r;
	*found = userdata;
	if (strcmp(name, ".host") == 0)
		return 1;
	if (bus_registry(userdata, &snapshot, error) < 0) {
		sd_bus_error_free(error);
		return 0;
	}
	return machine_find(snapshot, name, &machine, &failure) == 0;
}

static int add_path(char ***paths, size_t *count, const char *name)
{
	char **larger = reallocarray(*paths, *count + 2, sizeof *larger);

	if (!larger)
		return -ENOMEM;
	*paths = larger;
	larger[*count] = bus_machine_path(name);
	larger[*count + 1] = NULL;
	return larger[(*count)++] ? 0 : -ENOMEM;
}

int bus_machine_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***nodes,
			  sd_bus_error *error)
{
	struct bus_machines *list = bus_machines(userdata);
	const struct listed_machine *m;
	char **paths = NULL;
	size_t count = 0, at = 0;
	int r = bus_machines_update(userdata, error);

	(void) bus, (void) prefix;
	if (r >= 0)
		r = add_path(&paths, &count, ".host");
	while (r >= 0 && (m = bus_machines_next(list, &at)))
		r = add_path(&paths, &count, m->name);
	if (r < 0) {
		for (size_t i = 0; i < count; i++)
			free(paths[i]);
		free(paths);
		return r;
	}
	*nodes = paths;
	return 0;
}

/* Called by bus_properties.c alone, with the machine. */
static int get_property(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error);

/* Called by bus_properties.c alone, with what a child has seen of the pool. */
static int get_manager_property(sd_bus *bus, const char *path, const char *interface,
				const char *property, sd_bus_message *reply, void *userdata,
				sd_bus_error *error)
{
	const struct image_pool_quota *quota = userdata;

	(void) bus, (void) path, (void) interface, (void) error;
	if (strcmp(property, "PoolPath") == 0)
		return sd_bus_message_append(reply, "s", IMAGE_POOL);
	return sd_bus_message_append(
		reply, "t", strcmp(property, "PoolUsage") == 0 ? quota->usage : quota->limit);
}

#define NO_NAMES ""

#define METHOD(name, in, in_names, out, out_names, handler)                                        \
	SD_BUS_METHOD_WITH_NAMES(name, in, in_names, out, out_names, handler,                      \
				 SD_BUS_VTABLE_UNPRIVILEGED)

#define REGISTER_IN "sayssus"
#define REGISTER_NAMES                                                                             \
	SD_BUS_PARAM(name)                                                                         \
	SD_BUS_PARAM(id)                                                                           \
	SD_BUS_PARAM(service) SD_BUS_PARAM(class) SD_BUS_PARAM(leader) SD_BUS_PARAM(root_directory)

#define NAME SD_BUS_PARAM(name)

const sd_bus_vtable bus_manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("PoolPath", "s", get_manager_property, 0, 0),
	SD_BUS_PROPERTY("PoolUsage", "t", get_manager_property, 0, 0),
	SD_BUS_PROPERTY("PoolLimit", "t", get_manager_property, 0, 0),
	METHOD("GetMachine", "s", NAME, "o", SD_BUS_PARAM(machine), bus_get_machine),
	METHOD("GetMachineByPID", "u", SD_BUS_PARAM(pid), "o", SD_BUS_PARAM(machine),
	       bus_get_machine_by_pid),
	METHOD("GetImage", "s", NAME, "o", SD_BUS_PARAM(image), bus_get_image),
	METHOD("ListMachines", NULL, NO_NAMES, "a(ssso)", SD_BUS_PARAM(machines),
	       bus_list_machines),
	METHOD("ListImages", NULL, NO_NAMES, "a(ssbttto)", SD_BUS_PARAM(images), bus_list_images),
	METHOD("CreateMachine", REGISTER_IN "a(sv)", REGISTER_NAMES SD_BUS_PARAM(scope_properties),
	       "o", SD_BUS_PARAM(path), bus_create_machine),
	METHOD("CreateMachineWithNetwork", REGISTER_IN "aia(sv)",
	       REGISTER_NAMES SD_BUS_PARAM(ifindices) SD_BUS_PARAM(scope_properties), "o",
	       SD_BUS_PARAM(path), bus_create_machine_with_network),
	METHOD("CreateMachineEx", "sa(sv)a(sv)",
	       NAME SD_BUS_PARAM(properties) SD_BUS_PARAM(scope_properties), "o",
	       SD_BUS_PARAM(path), bus_create_machine_ex),
	METHOD("RegisterMachine", REGISTER_IN, REGISTER_NAMES, "o", SD_BUS_PARAM(path),
	       bus_register_machine),
	METHOD("RegisterMachineWithNetwork", REGISTER_IN "ai",
	       REGISTER_NAMES SD_BUS_PARAM(ifindices), "o", SD_BUS_PARAM(path),
	       bus_register_machine_with_network),
	METHOD("RegisterMachineEx", "sa(sv)", NAME SD_BUS_PARAM(properties), "o",
	       SD_BUS_PARAM(path), bus_register_machine_ex),
	METHOD("UnregisterMachine", "s", NAME, NULL, NO_NAMES, bus_unregister_machine),
	METHOD("TerminateMachine", "s", NAME, NULL, NO_NAMES, bus_terminate_machine),
	METHOD("KillMachine", "ssi", NAME SD_BUS_PARAM(whom) SD_BUS_PARAM(signal), NULL, ,
	       bus_kill_machine),
	METHOD("GetMachineAddresses", "s", NAME, "a(iay)", SD_BUS_PARAM(addresses),
	       bus_get_addresses),
	METHOD("GetMachineSSHInfo", "s", NAME, "ss",
	       SD_BUS_PARAM(ssh_address) SD_BUS_PARAM(ssh_private_key_path), bus_get_ssh_info),
	METHOD("GetMachineOSRelease", "s", NAME, "a{ss}", SD_BUS_PARAM(fields), bus_get_os_release),
	METHOD("GetMachineUIDShift", "s", NAME, "u", SD_BUS_PARAM(shift), bus_get_uid_shift),
	METHOD("OpenMachinePTY", "s", NAME, "hs", SD_BUS_PARAM(pty) SD_BUS_PARAM(pty_path),
	       bus_open_pty),
	METHOD("OpenMachineLogin", "s", NAME, "hs", SD_BUS_PARAM(pty) SD_BUS_PARAM(pty_path),
	       bus_open_login),
	METHOD("OpenMachineShell", "sssasas",
	       NAME SD_BUS_PARAM(user) SD_BUS_PARAM(path) SD_BUS_PARAM(args)
		       SD_BUS_PARAM(environment),
	       "hs", SD_BUS_PARAM(pty) SD_BUS_PARAM(pty_path), bus_open_shell),
	METHOD("OpenMachineRootDirectory", "s", NAME, "h", SD_BUS_PARAM(fd),
	       bus_open_root_directory),
	METHOD("BindMountMachine", "sssbb",
	       NAME SD_BUS_PARAM(source) SD_BUS_PARAM(destination) SD_BUS_PARAM(read_only)
		       SD_BUS_PARAM(mkdir),
	       NULL, NO_NAMES, bus_bind_mount),
	METHOD("CopyFromMachine", "sss", NAME SD_BUS_PARAM(source) SD_BUS_PARAM(destination), NULL,
	       NO_NAMES, bus_copy_from),
	METHOD("CopyToMachine", "sss", NAME SD_BUS_PARAM(source) SD_BUS_PARAM(destination), NULL, ,
	       bus_copy_to),
	METHOD("CopyFromMachineWithFlags", "ssst",
	       NAME SD_BUS_PARAM(source) SD_BUS_PARAM(destination) SD_BUS_PARAM(flags), NULL, ,
	       bus_copy_from_with_flags),
	METHOD("CopyToMachineWithFlags", "ssst",
	       NAME SD_BUS_PARAM(source) SD_BUS_PARAM(destination) SD_BUS_PARAM(flags), NULL, ,
	       bus_copy_to_with_flags),
	METHOD("MapFromMachineUser", "su", NAME SD_BUS_PARAM(uid_inner), "u",
	       SD_BUS_PARAM(uid_outer), bus_map_from_user),
	METHOD("MapToMachineUser", "u", SD_BUS_PARAM(uid_outer), "sou",
	       SD_BUS_PARAM(machine_name) SD_BUS_PARAM(machine_path) SD_BUS_PARAM(uid_inner),
	       bus_map_to_user),
	METHOD("MapFromMachineGroup", "su", NAME SD_BUS_PARAM(gid_inner), "u",
	       SD_BUS_PARAM(gid_outer), bus_map_from_group),
	METHOD("MapToMachineGroup", "u", SD_BUS_PARAM(gid_outer), "sou",
	       SD_BUS_PARAM(machine_name) SD_BUS_PARAM(machine_path) SD_BUS_PARAM(gid_inner),
	       bus_map_to_group),
	METHOD("RemoveImage", "s", NAME, NULL, NO_NAMES, bus_remove_image),
	METHOD("RenameImage", "ss", NAME SD_BUS_PARAM(new_name), NULL, NO_NAMES, bus_rename_image),
	METHOD("CloneImage", "ssb", NAME SD_BUS_PARAM(new_name) SD_BUS_PARAM(read_only), NULL, ,
	       bus_clone_image),
	METHOD("MarkImageReadOnly", "sb", NAME SD_BUS_PARAM(read_only), NULL, NO_NAMES,
	       bus_mark_image),
	METHOD("SetImageLimit", "st", NAME SD_BUS_PARAM(limit), NULL, NO_NAMES, bus_limit_image),
	METHOD("SetPoolLimit", "t", SD_BUS_PARAM(size), NULL, NO_NAMES, bus_limit_pool),
	METHOD("CleanPool", "s", SD_BUS_PARAM(mode), "a(st)", SD_BUS_PARAM(images), bus_clean_pool),
	METHOD("GetImageHostname", "s", NAME, "s", SD_BUS_PARAM(hostname), bus_get_image_hostname),
	METHOD("GetImageMachineID", "s", NAME, "ay", SD_BUS_PARAM(id), bus_get_image_machine_id),
	METHOD("GetImageMachineInfo", "s", NAME, "a{ss}", SD_BUS_PARAM(machine_info),
	       bus_get_image_machine_info),
	METHOD("GetImageOSRelease", "s", NAME, "a{ss}", SD_BUS_PARAM(os_release),
	       bus_get_image_os_release),
	SD_BUS_SIGNAL_WITH_NAMES("MachineNew", "so", SD_BUS_PARAM(machine) SD_BUS_PARAM(path), 0),
	SD_BUS_SIGNAL_WITH_NAMES("MachineRemoved", "so", SD_BUS_PARAM(machine) SD_BUS_PARAM(path),
				 0),
	SD_BUS_VTABLE_END,
};

#define CONSTANT(name, type)                                                                       \
	SD_BUS_PROPERTY(name, type, get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST)

const sd_bus_vtable bus_machine_vtable[] = {
	SD_BUS_VTABLE_START(0),
	CONSTANT("Name", "s"),
	CONSTANT("Id", "ay"),
	CONSTANT("Timestamp", "t"),
	CONSTANT("TimestampMonotonic", "t"),
	CONSTANT("Service", "s"),
	CONSTANT("Unit", "s"),
	SD_BUS_PROPERTY("Scope", "s", get_property, 0,
			SD_BUS_VTABLE_PROPERTY_CONST | SD_BUS_VTABLE_HIDDEN),
	CONSTANT("Leader", "u"),
	CONSTANT("LeaderPIDFDId", "t"),
	SD_BUS_PROPERTY("Supervisor", "u", get_property, 0, 0),
	SD_BUS_PROPERTY("SupervisorPIDFDId", "t", get_property, 0, 0),
	CONSTANT("Subgroup", "s"),
	CONSTANT("UID", "u"),
	CONSTANT("Class", "s"),
	CONSTANT("RootDirectory", "s"),
	CONSTANT("NetworkInterfaces", "ai"),
	CONSTANT("VSockCID", "u"),
	CONSTANT("SSHAddress", "s"),
	CONSTANT("SSHPrivateKeyPath", "s"),
	SD_BUS_PROPERTY("State", "s", get_property, 0, 0),
	METHOD("Terminate", NULL, NO_NAMES, NULL, NO_NAMES, bus_terminate_machine),
	METHOD("Kill", "si", SD_BUS_PARAM(whom) SD_BUS_PARAM(signal), NULL, NO_NAMES,
	       bus_kill_machine),
	METHOD("GetAddresses", NULL, NO_NAMES, "a(iay)", SD_BUS_PARAM(addresses),
	       bus_get_addresses),
	METHOD("GetSSHInfo", NULL, NO_NAMES, "ss",
	       SD_BUS_PARAM(ssh_address) SD_BUS_PARAM(ssh_private_key_path), bus_get_ssh_info),
	METHOD("GetOSRelease", NULL, NO_NAMES, "a{ss}", SD_BUS_PARAM(fields), bus_get_os_release),
	METHOD("GetUIDShift", NULL, NO_NAMES, "u", SD_BUS_PARAM(shift), bus_get_uid_shift),
	METHOD("OpenPTY", NULL, NO_NAMES, "hs", SD_BUS_PARAM(pty) SD_BUS_PARAM(pty_path),
	       bus_open_pty),
	METHOD("OpenLogin", NULL, NO_NAMES, "hs", SD_BUS_PARAM(pty) SD_BUS_PARAM(pty_path),
	       bus_open_login),
	METHOD("OpenShell", "ssasas",
	       SD_BUS_PARAM(user) SD_BUS_PARAM(path) SD_BUS_PARAM(args) SD_BUS_PARAM(environment),
	       "hs", SD_BUS_PARAM(pty) SD_BUS_PARAM(pty_path), bus_open_shell),
	METHOD("BindMount", "ssbb",
	       SD_BUS_PARAM(source) SD_BUS_PARAM(destination) SD_BUS_PARAM(read_only)
		       SD_BUS_PARAM(mkdir),
	       NULL, NO_NAMES, bus_bind_mount),
	METHOD("CopyFrom", "ss", SD_BUS_PARAM(source) SD_BUS_PARAM(destination), NULL, ,
	       bus_copy_from),
	METHOD("CopyTo", "ss", SD_BUS_PARAM(source) SD_BUS_PARAM(destination), NULL, , bus_copy_to),
	METHOD("CopyFromWithFlags", "sst",
	       SD_BUS_PARAM(source) SD_BUS_PARAM(destination) SD_BUS_PARAM(flags), NULL, ,
	       bus_copy_from_with_flags),
	METHOD("CopyToWithFlags", "sst",
	       SD_BUS_PARAM(source) SD_BUS_PARAM(destination) SD_BUS_PARAM(flags), NULL, ,
	       bus_copy_to_with_flags),
	METHOD("OpenRootDirectory", NULL, NO_NAMES, "h", SD_BUS_PARAM(fd), bus_open_root_directory),
	SD_BUS_VTABLE_END,
};

static int append_interfaces(sd_bus_message *reply, const struct machine *m)
{
	int r = sd_bus_message_open_container(reply, 'a', "i");

	for (size_t i = 0; r >= 0 && i < m->n_interfaces; i++)
		r = sd_bus_message_append(reply, "i", (int) m->interfaces[i].index);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Text properties: where each is. */
static const char *text_property(const struct machine *m, const char *property)
{
	if (strcmp(property, "Name") == 0)
		return m->name;
	if (strcmp(property, "Service") == 0)
		return m->service;
	if (strcmp(property, "Unit") == 0 || strcmp(property, "Scope") == 0)
		return m->unit;
	if (strcmp(property, "Class") == 0)
		return machine_class_name(m->class);
	if (strcmp(property, "SSHAddress") == 0)
		return m->ssh_address;
	if (strcmp(property, "SSHPrivateKeyPath") == 0)
		return m->ssh_key;
	return NULL;
}

/* A path can have any byte but NUL, and a message only characters. */
static int append_path(sd_bus_message *reply, const char *path)
{
	char text[ESCAPED_SIZE(MACHINE_ROOT_MAX)];

	return sd_bus_message_append(reply, "s", path ? escape_for_programs(path, text) : "");
}

static int append_property(sd_bus_message *reply, const struct bus_machine *found,
			   const char *property)
{
	const struct machine *m = &found->machine;
	const char *text;

	/* No id is an empty array. */
	if (strcmp(property, "Id") == 0)
		return sd_bus_message_append_array(reply, 'y', m->id, m->has_id ? sizeof m->id : 0);
	if (strcmp(property, "NetworkInterfaces") == 0)
		return append_interfaces(reply, m);
	if (strcmp(property, "RootDirectory") == 0)
		return append_path(reply, m->root_directory);
	if (strcmp(property, "Timestamp") == 0)
		return sd_bus_message_append(reply, "t", m->realtime);
	if (strcmp(property, "TimestampMonotonic") == 0)
		return sd_bus_message_append(reply, "t", m->monotonic);
	if (strcmp(property, "Leader") == 0)
		return sd_bus_message_append(reply, "u", m->leader.pid);
	if (strcmp(property, "LeaderPIDFDId") == 0)
		return sd_bus_message_append(reply, "t", m->leader.pidfd_inode);
	if (strcmp(property, "UID") == 0)
		return sd_bus_message_append(reply, "u", m->owner);
	if (strcmp(property, "Supervisor") == 0)
		return sd_bus_message_append(reply, "u", found->supervisor.pid);
	if (strcmp(property, "SupervisorPIDFDId") == 0)
		return sd_bus_message_append(reply, "t", found->supervisor.pidfd_inode);
	if (strcmp(property, "VSockCID") == 0)
		return sd_bus_message_append(reply, "u", m->vsock_cid ? m->vsock_cid : UINT32_MAX);
	if (strcmp(property, "State") == 0)
		return sd_bus_message_append(reply, "s", found->is_dead ? "closing" : "running");
	text = text_property(m, property);
	return sd_bus_message_append(reply, "s", text ? text : "");
}

static int get_property(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void) bus, (void) path, (void) interface, (void) error;
	return append_property(reply, userdata, property);
}
