/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/sockets/service_socket.h"

#include "base/array_size.h"
#include "base/program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct service_socket service_sockets[] = {
	{ .path = "/run/systemd/userdb/io.systemd.Machine",
	  .program = "mymachines-userdb",
	  .unit = "mymachines-userdb.socket",
	  .subject = "users and groups of machines" },
	{ .path = "/run/systemd/resolve.hook/io.systemd.Machine",
	  .program = "mymachines-resolve-hook",
	  .unit = "mymachines-resolve-hook.socket",
	  .subject = "names of machines" },
	{ .path = "/run/systemd/machine/io.systemd.Machine",
	  .program = "mymachines-varlink",
	  .unit = "mymachines-varlink.socket",
	  .subject = "machines and images",
	  .link = "/run/systemd/machine/io.systemd.MachineImage" },
	{ .path = "/run/systemd/io.systemd.Import",
	  .program = "mymachines-import-varlink",
	  .unit = "mymachines-import-varlink.socket",
	  .subject = "transfers of images",
	  .stock_unit = "systemd-importd.socket" },
};

const size_t n_service_sockets = ARRAY_SIZE(service_sockets);

/* Both are in the same directory. */
static const char *link_target(const struct service_socket *socket)
{
	return strrchr(socket->path, '/') + 1;
}

void service_socket_link(const struct service_socket *socket)
{
	if (socket->link)
		(void) !symlink(link_target(socket), socket->link);
}

void service_socket_unlink(const struct service_socket *socket)
{
	char target[PATH_MAX];
	ssize_t length = socket->link ? readlink(socket->link, target, sizeof target - 1) : -1;

	if (length < 0)
		return;
	target[length] = '\0';
	if (strcmp(target, link_target(socket)) == 0)
		unlink(socket->link);
}

bool service_socket_find_program(const struct service_socket *socket, char path[static PATH_MAX])
{
	const char *own = program_own_path(), *slash = own ? strrchr(own, '/') : NULL;

	/* One that was built together with this program wins over one that is installed. */
	if (slash &&
	    snprintf(path, PATH_MAX, "%.*s/%s", (int) (slash - own), own, socket->program) <
		    PATH_MAX &&
	    access(path, X_OK) == 0)
		return true;
	snprintf(path, PATH_MAX, LIBEXEC_DIRECTORY "/%s", socket->program);
	return access(path, X_OK) == 0;
}
