/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines-varlink: answer io.systemd.Machine and io.systemd.MachineImage on the sockets that it is started with. */
#include "tools/calls/work.h"
#include "tools/machine/machine_interface.h"
#include "tools/varlink/socket_service.h"

#include <sys/stat.h>

int main(int argc, char **argv)
{
	/* Work in machines gets more time to end than a look-up. */
	static const struct varlink_limits limits = { .knows_process = true, .end_ms = 10000 };
	static const struct varlink_interface *const interfaces[] = { &machine_interface,
								      &image_interface };
	static const struct socket_service service = {
		.name = "mymachines-varlink",
		.interfaces = interfaces,
		.n_interfaces = 2,
		.limits = &limits,
		/* Connections, the children that work for them, and what it has besides. */
		.descriptors = 8192,
		.needs_root = true,
		.reap = work_reap,
	};

	umask(022);
	return socket_service_main(&service, argc, argv);
}
