/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/facts.h"

static const struct fact {
	const char *option;
	int (*set)(struct registration *registration, const char *value);
} facts[] = {
	{ "class", registration_set_class },
	{ "service", registration_set_service },
	{ "id", registration_set_id },
	{ "unit", registration_set_unit },
	{ "root", registration_set_root },
	{ "alias", registration_add_alias },
	{ "interface", registration_add_interface },
	{ "address", registration_add_address },
	{ "uid-map", registration_add_uid_extent },
	{ "gid-map", registration_add_gid_extent },
	{ "ssh-address", registration_set_ssh_address },
	{ "vsock-cid", registration_set_vsock_cid },
	{ "control", registration_set_control },
	{ "poweroff-signal", registration_set_poweroff_signal },
	{ "reboot-signal", registration_set_reboot_signal },
};

_Static_assert(sizeof facts / sizeof *facts == N_FACT_OPTIONS, "facts.h says how many");

const char fact_options_help[] =
	"      --class=CLASS          container (the default) or vm\n"
	"      --service=NAME         Who runs it: runc, lxc, libvirt-qemu, ...\n"
	"      --id=UUID              Its UUID\n"
	"      --root=PATH            Its root directory, on the host\n"
	"      --unit=UNIT            The service or scope that it runs in\n"
	"      --ssh-address=ADDRESS  Where ssh(1) reaches it\n"
	"      --vsock-cid=CID        Its vsock(7) context id\n"
	"      --control=PATH         A VM's socket for QMP, to tell it what to do\n"
	"      --poweroff-signal=SIGNAL\n"
	"      --reboot-signal=SIGNAL Which its first process understands so\n"
	"\n"
	"May be said several times; an empty value takes back those before:\n"
	"      --alias=NAME           Another name of it\n"
	"      --address=ADDRESS      An address, for VMs; it may end in %INTERFACE\n"
	"      --interface=INTERFACE  A host's interface that leads to it\n"
	"      --uid-map=INNER:OUTER:COUNT\n"
	"      --gid-map=INNER:OUTER:COUNT\n"
	"                             COUNT ids from INNER in it are from OUTER here";

void fact_options_fill(struct option options[static N_FACT_OPTIONS + 1])
{
	for (int i = 0; i < N_FACT_OPTIONS; i++)
		options[i] = (struct option){ facts[i].option, required_argument, NULL,
					      FACT_OPTIONS + i };
	options[N_FACT_OPTIONS] = (struct option){ 0 };
}

static const struct fact *find(int option)
{
	return option >= FACT_OPTIONS && option < FACT_OPTIONS + N_FACT_OPTIONS
		       ? &facts[option - FACT_OPTIONS]
		       : NULL;
}

const char *fact_option_name(int option)
{
	const struct fact *fact = find(option);

	return fact ? fact->option : NULL;
}

int fact_option_set(struct registration *registration, int option, const char *argument)
{
	return find(option)->set(registration, argument);
}
