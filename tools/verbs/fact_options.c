/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/fact_options.h"

#define FACT(option, value, setter, ...)                                                           \
	{                                                                                          \
		option, .argument = value, .set_fact = setter, __VA_ARGS__                         \
	}

const struct verb_option fact_options[] = {
	/* clang-format off */
	FACT("class", "CLASS", registration_set_class,
	     .help = "container (the default) or vm", .values = "container vm"),
	FACT("service", "NAME", registration_set_service,
	     .help = "Its manager, such as runc, lxc or libvirt-qemu"),
	FACT("supervisor", "PID", registration_set_supervisor,
	     .help = "The process that manages it from the host", .values = COMPLETE_PID),
	FACT("description", "TEXT", registration_set_description,
	     .help = "The name that its manager uses, if it can't be a machine's name"),
	FACT("id", "UUID", registration_set_id, .help = "Its UUID"),
	FACT("root", "PATH", registration_set_root,
	     .help = "Its root directory on the host", .values = COMPLETE_DIRECTORY),
	FACT("unit", "UNIT", registration_set_unit,
	     .help = "The service or scope that it runs in"),
	FACT("ssh-address", "ADDRESS", registration_set_ssh_address,
	     .help = "The address where ssh(1) reaches it"),
	FACT("ssh-key", "PATH", registration_set_ssh_key,
	     .help = "The private key for ssh(1), a file", .values = COMPLETE_FILE),
	FACT("vsock-cid", "CID", registration_set_vsock_cid, .help = "Its vsock(7) context id"),
	FACT("control", "PATH", registration_set_control,
	     .help = "The QMP socket of a VM, to control it",
	     .values = COMPLETE_FILE),
	FACT("control-address", "ADDRESS", registration_set_control_address,
	     .help = "The Varlink address of a VM's manager, to control it"),
	FACT("poweroff-signal", "SIGNAL", registration_set_poweroff_signal,
	     .help = "The signal that makes its init power off", .values = COMPLETE_SIGNAL),
	FACT("reboot-signal", "SIGNAL", registration_set_reboot_signal,
	     .help = "The signal that makes its init reboot", .values = COMPLETE_SIGNAL),
	FACT("alias", "NAME", registration_add_alias, .is_list = true, .help = "Another name"),
	FACT("address", "ADDRESS", registration_add_address, .is_list = true,
	     .help = "An IP address, for VMs; it may end in %INTERFACE"),
	FACT("interface", "INTERFACE", registration_add_interface, .is_list = true,
	     .help = "An interface of the host that leads to it", .values = COMPLETE_INTERFACE),
	FACT("uid-map", "INNER:OUTER:COUNT", registration_add_uid_extent, .is_list = true,
	     .help = "COUNT user ids from INNER in the machine are those from OUTER on the host"),
	FACT("gid-map", "INNER:OUTER:COUNT", registration_add_gid_extent, .is_list = true,
	     .help = "The same for group ids"),
	{ 0 },
	/* clang-format on */
};

int fact_options_apply(const struct command_line *line, struct registration *registration,
		       struct failure *f)
{
	for (size_t i = 0; i < line->n_given; i++) {
		const struct verb_option *option = line->given[i].option;

		if (option->set_fact && option->set_fact(registration, line->given[i].value, f) < 0)
			return -1;
	}
	return 0;
}
