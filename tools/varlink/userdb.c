/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines-userdb: io.systemd.UserDatabase. Each look-up of an unknown user on the host waits for it. */
#include "tools/varlink/socket_service.h"
#include "tools/varlink/user_database.h"

int main(int argc, char **argv)
{
	static const struct varlink_interface *const interface = &user_database_interface;
	static const struct socket_service service = {
		.name = "mymachines-userdb",
		.interfaces = &interface,
		.n_interfaces = 1,
		.descriptors = SOCKET_SERVICE_DESCRIPTORS,
	};

	return socket_service_main(&service, argc, argv);
}
