/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/bus_files.h"

#include "host/machine1.h"

#include <stdbool.h>
#include <string.h>

/* Everybody may send these calls: polkit decides about each that changes something. */
static const char *const machine1_manager[] = {
	"GetMachine",
	"GetMachineByPID",
	"GetImage",
	"ListMachines",
	"ListImages",
	"CreateMachine",
	"CreateMachineWithNetwork",
	"CreateMachineEx",
	"RegisterMachine",
	"RegisterMachineWithNetwork",
	"RegisterMachineEx",
	"UnregisterMachine",
	"TerminateMachine",
	"KillMachine",
	"GetMachineAddresses",
	"GetMachineSSHInfo",
	"GetMachineOSRelease",
	"GetMachineUIDShift",
	"OpenMachinePTY",
	"OpenMachineLogin",
	"OpenMachineShell",
	"OpenMachineRootDirectory",
	"BindMountMachine",
	"CopyFromMachine",
	"CopyToMachine",
	"CopyFromMachineWithFlags",
	"CopyToMachineWithFlags",
	"MapFromMachineUser",
	"MapToMachineUser",
	"MapFromMachineGroup",
	"MapToMachineGroup",
	"RemoveImage",
	"RenameImage",
	"CloneImage",
	"MarkImageReadOnly",
	"SetImageLimit",
	"SetPoolLimit",
	"CleanPool",
	"GetImageHostname",
	"GetImageMachineID",
	"GetImageMachineInfo",
	"GetImageOSRelease",
	NULL,
};

static const char *const machine1_image[] = {
	"Remove",      "Rename",       "Clone",		 "MarkReadOnly", "SetLimit",
	"GetHostname", "GetMachineID", "GetMachineInfo", "GetOSRelease", NULL,
};

static const char *const machine1_machine[] = {
	"Terminate",   "Kill",	  "GetAddresses",      "GetSSHInfo",	  "GetOSRelease",
	"GetUIDShift", "OpenPTY", "OpenLogin",	       "OpenShell",	  "BindMount",
	"CopyFrom",    "CopyTo",  "CopyFromWithFlags", "CopyToWithFlags", "OpenRootDirectory",
	NULL,
};

static const char *const import1_manager[] = {
	"ImportTar",
	"ImportTarEx",
	"ImportRaw",
	"ImportRawEx",
	"ImportFileSystem",
	"ImportFileSystemEx",
	"ExportTar",
	"ExportTarEx",
	"ExportRaw",
	"ExportRawEx",
	"PullTar",
	"PullTarEx",
	"PullRaw",
	"PullRawEx",
	"ListTransfers",
	"ListTransfersEx",
	"CancelTransfer",
	"ListImages",
	NULL,
};

static const char *const import1_transfer[] = { "Cancel", NULL };
static const char *const properties[] = { "Get", "GetAll", NULL };

struct bus_members {
	const char *interface;
	const char *const *names; /* NULL ends */
};

static const struct bus_members machine1_members[] = {
	{ "org.freedesktop.DBus.Properties", properties },
	{ "org.freedesktop.machine1.Manager", machine1_manager },
	{ "org.freedesktop.machine1.Machine", machine1_machine },
	{ "org.freedesktop.machine1.Image", machine1_image },
	{ 0 },
};

static const struct bus_members import1_members[] = {
	{ "org.freedesktop.DBus.Properties", properties },
	{ "org.freedesktop.import1.Manager", import1_manager },
	{ "org.freedesktop.import1.Transfer", import1_transfer },
	{ 0 },
};

/* Actions of systemd, by the ids that administrators' rules name. */
struct bus_action {
	const char *id, *description, *message;
	bool is_for_active; /* whoever sits at the machine needs no password */
};

static const struct bus_action machine1_actions[] = {
	{ "login", "Log into a machine", "Authentication is required to log into a machine.",
	  false },
	{ "host-login", "Log into the host", "Authentication is required to log into the host.",
	  true },
	{ "shell", "Open a shell in a machine",
	  "Authentication is required to open a shell in a machine.", false },
	{ "host-shell", "Open a shell on the host",
	  "Authentication is required to open a shell on the host.", false },
	{ "open-pty", "Open a terminal in a machine",
	  "Authentication is required to open a terminal in a machine.", false },
	{ "host-open-pty", "Open a terminal on the host",
	  "Authentication is required to open a terminal on the host.", false },
	{ "manage-machines", "Manage machines", "Authentication is required to manage machines.",
	  false },
	{ "manage-images", "Manage images of machines",
	  "Authentication is required to manage images of machines.", false },
	{ "create-machine", "Register a machine with a scope of its own",
	  "Authentication is required to register a machine.", false },
	{ "register-machine", "Register a machine",
	  "Authentication is required to register a machine.", false },
	{ 0 },
};

static const struct bus_action import1_actions[] = {
	{ "import", "Import an image", "Authentication is required to import an image.", false },
	{ "export", "Export an image", "Authentication is required to export an image.", false },
	{ "pull", "Download an image", "Authentication is required to download an image.", false },
	{ "cancel", "Cancel the transfer of an image",
	  "Authentication is required to cancel the transfer of an image.", false },
	{ 0 },
};

#define SERVICES "/usr/local/share/dbus-1/system-services/"
#define POLICIES "/etc/dbus-1/system.d/"
#define ACTIONS	 "/usr/share/polkit-1/actions/"

const struct bus_target bus_machine1 = {
	.name = "org.freedesktop.machine1",
	.program = MACHINE1_PROGRAM,
	.unit = "mymachines-bus.service",
	.description = "Registry of Local Machines on the System Bus",
	.stock_unit = "systemd-machined.service",
	.bus_unit = "dbus-org.freedesktop.machine1.service",
	.stock_program = "systemd-machined",
	.policy = POLICIES "mymachines-machine1.conf",
	.activation = SERVICES "org.freedesktop.machine1.service",
	.actions = ACTIONS "mymachines-machine1.policy",
	.stock_actions = ACTIONS "org.freedesktop.machine1.policy",
	.members = machine1_members,
	.known_actions = machine1_actions,
};

const struct bus_target bus_import1 = {
	.name = "org.freedesktop.import1",
	.program = IMPORT1_PROGRAM,
	.unit = "mymachines-import-bus.service",
	.description = "Transfers of Images of Machines on the System Bus",
	.stock_unit = "systemd-importd.service",
	.bus_unit = "dbus-org.freedesktop.import1.service",
	.stock_program = "systemd-importd",
	.stock_socket = "systemd-importd.socket",
	.socket = "mymachines-import-varlink.socket",
	.policy = POLICIES "mymachines-import1.conf",
	.activation = SERVICES "org.freedesktop.import1.service",
	.actions = ACTIONS "mymachines-import1.policy",
	.stock_actions = ACTIONS "org.freedesktop.import1.policy",
	.members = import1_members,
	.known_actions = import1_actions,
};

static const char document_head[] =
	"<?xml version=\"1.0\"?>\n"
	"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n"
	" \"https://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
	"<!-- " BUS_FILES_MARK " -->\n";

static char *add_members(struct arena *arena, char *text, const char *name,
			 const struct bus_members *members)
{
	for (const char *const *member = members->names; *member; member++)
		text = arena_printf(arena,
				    "%s    <allow send_destination=\"%s\" send_interface=\"%s\" "
				    "send_member=\"%s\"/>\n",
				    text, name, members->interface, *member);
	return text;
}

char *bus_policy_text(struct arena *arena, const struct bus_target *target)
{
	const char *name = target->name;
	char *text = arena_printf(arena,
				  "%s<busconfig>\n"
				  "  <policy user=\"root\">\n"
				  "    <allow own=\"%s\"/>\n"
				  "    <allow send_destination=\"%s\"/>\n"
				  "    <allow receive_sender=\"%s\"/>\n"
				  "  </policy>\n"
				  "  <policy context=\"default\">\n"
				  "    <deny send_destination=\"%s\"/>\n"
				  "    <allow send_destination=\"%s\" "
				  "send_interface=\"org.freedesktop.DBus.Introspectable\"/>\n"
				  "    <allow send_destination=\"%s\" "
				  "send_interface=\"org.freedesktop.DBus.Peer\"/>\n",
				  document_head, name, name, name, name, name, name);

	for (const struct bus_members *members = target->members; members->interface; members++)
		text = add_members(arena, text, name, members);
	return arena_printf(arena,
			    "%s    <allow receive_sender=\"%s\"/>\n"
			    "  </policy>\n"
			    "</busconfig>\n",
			    text, name);
}

char *bus_activation_text(struct arena *arena, const struct bus_target *target, const char *program)
{
	return arena_printf(arena,
			    "# " BUS_FILES_MARK "\n"
			    "[D-BUS Service]\n"
			    "Name=%s\n"
			    "Exec=%s\n"
			    "User=root\n"
			    "SystemdService=%s\n",
			    target->name, program, target->bus_unit);
}

char *bus_unit_text(struct arena *arena, const struct bus_target *target, const char *program)
{
	return arena_printf(arena,
			    "# " BUS_FILES_MARK "\n"
			    "# Beside it, links give it the names\n"
			    "# %s, which the bus starts,\n"
			    "# and %s, which others want.\n"
			    "[Unit]\n"
			    "Description=%s\n"
			    "Documentation=man:%s(8)\n"
			    "# However often it is killed, the next call starts it.\n"
			    "StartLimitIntervalSec=0\n"
			    "\n"
			    "[Service]\n"
			    "Type=dbus\n"
			    "BusName=%s\n"
			    "ExecStart=%s\n"
			    "# What it has started goes on when it leaves.\n"
			    "KillMode=process\n"
			    "LimitNOFILE=524288\n"
			    "SystemCallArchitectures=native\n",
			    target->bus_unit, target->stock_unit, target->description,
			    target->program, target->name, program);
}

static bool defines(const char *installed, const struct bus_target *target, const char *id)
{
	const char *at = installed;
	size_t prefix = strlen(target->name), length = strlen(id);

	while (at && (at = strstr(at, target->name))) {
		at += prefix;
		if (*at == '.' && strncmp(at + 1, id, length) == 0 &&
		    (at[length + 1] == '"' || at[length + 1] == '\''))
			return true;
	}
	return false;
}

static char *add_action(struct arena *arena, char *text, const struct bus_target *target,
			const struct bus_action *action)
{
	return arena_printf(arena,
			    "%s  <action id=\"%s.%s\">\n"
			    "    <description>%s</description>\n"
			    "    <message>%s</message>\n"
			    "    <defaults>\n"
			    "      <allow_any>auth_admin</allow_any>\n"
			    "      <allow_inactive>auth_admin</allow_inactive>\n"
			    "      <allow_active>%s</allow_active>\n"
			    "    </defaults>\n"
			    "  </action>\n",
			    text, target->name, action->id, action->description, action->message,
			    action->is_for_active ? "yes" : "auth_admin_keep");
}

static const char actions_head[] =
	"<?xml version=\"1.0\"?>\n"
	"<!DOCTYPE policyconfig PUBLIC \"-//freedesktop//DTD PolicyKit Policy Configuration "
	"1.0//EN\"\n"
	" \"https://www.freedesktop.org/standards/PolicyKit/1/policyconfig.dtd\">\n"
	"<!-- " BUS_FILES_MARK " -->\n";

char *bus_actions_text(struct arena *arena, const struct bus_target *target, const char *installed)
{
	char *text = NULL;

	for (const struct bus_action *action = target->known_actions; action->id; action++)
		if (!defines(installed, target, action->id))
			text = add_action(arena, text ? text : arena_strdup(arena, ""), target,
					  action);
	if (!text)
		return NULL;
	return arena_printf(arena, "%s<policyconfig>\n%s</policyconfig>\n", actions_head, text);
}
