/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines-userdb: io.systemd.UserDatabase. Each look-up of an unknown user on the host waits for it. */
#include "tools/varlink/socket_service.h"
#include "tools/varlink/user_database.h"

int main(int argc, char **argv)
{
	static const struct socket_service service = {
		.name = "mymachines-userdb",
		.interface = &user_database_interface,
		.descriptors = SOCKET_SERVICE_DESCRIPTORS,
	};

	return socket_service_main(&service, argc, argv);
}
