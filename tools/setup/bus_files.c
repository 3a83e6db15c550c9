/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/bus_files.h"

#include "base/array_size.h"

#include <stdbool.h>
#include <string.h>

/* What anybody may send: polkit is asked about all that changes something. */
static const char *const manager_members[] = {
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
};

static const char *const image_members[] = {
	"Remove",      "Rename",       "Clone",		 "MarkReadOnly", "SetLimit",
	"GetHostname", "GetMachineID", "GetMachineInfo", "GetOSRelease",
};

static const char *const machine_members[] = {
	"Terminate",   "Kill",	  "GetAddresses",      "GetSSHInfo",	  "GetOSRelease",
	"GetUIDShift", "OpenPTY", "OpenLogin",	       "OpenShell",	  "BindMount",
	"CopyFrom",    "CopyTo",  "CopyFromWithFlags", "CopyToWithFlags", "OpenRootDirectory",
};

#define TO_US "send_destination=\"org.freedesktop.machine1\""

static char *add_members(struct arena *arena, char *text, const char *interface,
			 const char *const *members, size_t count)
{
	for (size_t i = 0; i < count; i++)
		text = arena_printf(arena,
				    "%s    <allow " TO_US " send_interface=\"%s\" "
				    "send_member=\"%s\"/>\n",
				    text, interface, members[i]);
	return text;
}

static const char policy_head[] =
	"<?xml version=\"1.0\"?>\n"
	"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\"\n"
	" \"https://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
	"<!-- " BUS_FILES_MARK " -->\n"
	"<busconfig>\n"
	"  <policy user=\"root\">\n"
	"    <allow own=\"org.freedesktop.machine1\"/>\n"
	"    <allow " TO_US "/>\n"
	"    <allow receive_sender=\"org.freedesktop.machine1\"/>\n"
	"  </policy>\n"
	"  <policy context=\"default\">\n"
	"    <deny " TO_US "/>\n"
	"    <allow " TO_US " send_interface=\"org.freedesktop.DBus.Introspectable\"/>\n"
	"    <allow " TO_US " send_interface=\"org.freedesktop.DBus.Peer\"/>\n";

char *bus_policy_text(struct arena *arena)
{
	static const char *const properties[] = { "Get", "GetAll" };
	char *text = arena_strdup(arena, policy_head);

	text = add_members(arena, text, "org.freedesktop.DBus.Properties", properties,
			   ARRAY_SIZE(properties));
	text = add_members(arena, text, "org.freedesktop.machine1.Manager", manager_members,
			   ARRAY_SIZE(manager_members));
	text = add_members(arena, text, "org.freedesktop.machine1.Machine", machine_members,
			   ARRAY_SIZE(machine_members));
	text = add_members(arena, text, "org.freedesktop.machine1.Image", image_members,
			   ARRAY_SIZE(image_members));
	return arena_printf(arena,
			    "%s    <allow receive_sender=\"org.freedesktop.machine1\"/>\n"
			    "  </policy>\n"
			    "</busconfig>\n",
			    text);
}

char *bus_activation_text(struct arena *arena, const char *program)
{
	return arena_printf(arena,
			    "# " BUS_FILES_MARK "\n"
			    "[D-BUS Service]\n"
			    "Name=org.freedesktop.machine1\n"
			    "Exec=%s\n"
			    "User=root\n"
			    "SystemdService=dbus-org.freedesktop.machine1.service\n",
			    program);
}

char *bus_unit_text(struct arena *arena, const char *program)
{
	return arena_printf(arena,
			    "# " BUS_FILES_MARK "\n"
			    "# Beside it, links give it the names "
			    "dbus-org.freedesktop.machine1.service, which the\n"
			    "# bus starts, and systemd-machined.service, which others want.\n"
			    "[Unit]\n"
			    "Description=Registry of Local Machines on the System Bus\n"
			    "Documentation=man:mymachines-bus(8)\n"
			    "\n"
			    "[Service]\n"
			    "Type=dbus\n"
			    "BusName=org.freedesktop.machine1\n"
			    "ExecStart=%s\n"
			    "# What it has started in machines goes on when it leaves.\n"
			    "KillMode=process\n"
			    "LimitNOFILE=524288\n"
			    "SystemCallArchitectures=native\n",
			    program);
}

/* The actions of systemd-machined, by the ids that administrators' rules name. */
static const struct action {
	const char *id, *description, *message;
	bool is_for_active; /* whoever sits at the machine needs no password */
} actions[] = {
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
};

static bool defines(const char *installed, const char *id)
{
	const char *at = installed;
	size_t length = strlen(id);

	while (at && (at = strstr(at, "org.freedesktop.machine1."))) {
		at += strlen("org.freedesktop.machine1.");
		if (strncmp(at, id, length) == 0 && (at[length] == '"' || at[length] == '\''))
			return true;
	}
	return false;
}

static char *add_action(struct arena *arena, char *text, const struct action *action)
{
	return arena_printf(arena,
			    "%s  <action id=\"org.freedesktop.machine1.%s\">\n"
			    "    <description>%s</description>\n"
			    "    <message>%s</message>\n"
			    "    <defaults>\n"
			    "      <allow_any>auth_admin</allow_any>\n"
			    "      <allow_inactive>auth_admin</allow_inactive>\n"
			    "      <allow_active>%s</allow_active>\n"
			    "    </defaults>\n"
			    "  </action>\n",
			    text, action->id, action->description, action->message,
			    action->is_for_active ? "yes" : "auth_admin_keep");
}

static const char actions_head[] =
	"<?xml version=\"1.0\"?>\n"
	"<!DOCTYPE policyconfig PUBLIC \"-//freedesktop//DTD PolicyKit Policy Configuration "
	"1.0//EN\"\n"
	" \"https://www.freedesktop.org/standards/PolicyKit/1/policyconfig.dtd\">\n"
	"<!-- " BUS_FILES_MARK " -->\n";

char *bus_actions_text(struct arena *arena, const char *installed)
{
	char *text = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (!defines(installed, actions[i].id))
			text = add_action(arena, text ? text : arena_strdup(arena, ""),
					  &actions[i]);
	if (!text)
		return NULL;
	return arena_printf(arena, "%s<policyconfig>\n%s</policyconfig>\n", actions_head, text);
}
