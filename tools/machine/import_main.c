/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines-import-varlink: answer io.systemd.Import on the socket that it is started with. */
#include "tools/calls/work.h"
#include "tools/machine/import_interface.h"
#include "tools/varlink/socket_service.h"

#include <sys/stat.h>

int main(int argc, char **argv)
{
	static const struct varlink_limits limits = { .knows_process = true };
	static const struct varlink_interface *const interfaces[] = { &import_interface };
	static const struct socket_service service = {
		.name = "mymachines-import-varlink",
		.interfaces = interfaces,
		.n_interfaces = 1,
		.limits = &limits,
		/* Connections, two for each transfer, and what it has besides. */
		.descriptors = 8192,
		.needs_root = true,
		.reap = work_reap,
		.begin = import_begin,
	};

	umask(022);
	return socket_service_main(&service, argc, argv);
}
