/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines-resolve-hook: io.systemd.Resolve.Hook. Names that systemd-resolved looks up wait for it. */
#include "tools/varlink/resolve_hook.h"
#include "tools/varlink/socket_service.h"

int main(int argc, char **argv)
{
	static const struct varlink_interface *const interface = &resolve_hook_interface;
	static const struct socket_service service = {
		.name = "mymachines-resolve-hook",
		.interfaces = &interface,
		.n_interfaces = 1,
		.descriptors = SOCKET_SERVICE_DESCRIPTORS,
		.begin = resolve_hook_begin,
	};

	return socket_service_main(&service, argc, argv);
}
