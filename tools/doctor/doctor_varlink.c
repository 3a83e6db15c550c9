/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A check of mymachines doctor: who answers at the sockets where others look for machines? */
#include "tools/doctor/doctor.h"

#include "base/configuration.h"
#include "host/systemd.h"
#include "tools/sockets/socket_state.h"

#include <string.h>
#include <unistd.h>

/* Whether somebody on this host would ask. */
static bool is_wanted(const struct service_socket *socket)
{
	return access("/run/systemd/userdb", F_OK) == 0 && service_sockets == socket;
}

static void find_absent(struct doctor *doctor, const struct service_socket *socket)
{
	char program[PATH_MAX];

	/* It wasn't built, or is in another package. */
	if (!service_socket_find_program(socket, program))
		return;
	if (!systemd_is_running() && configuration_read(NULL)->varlink) {
		if (!doctor_has_no_machines(doctor))
			doctor_find(doctor, FINDING_WARNING, "restart mymachines monitor",
				    "%s doesn't exist, although Varlink=yes", socket->path);
	} else if (is_wanted(socket)) {
		doctor_find(doctor, FINDING_HINT, "mymachines setup varlink",
			    "systemd's user database doesn't know the %s", socket->subject);
	}
}

static void check_socket(struct doctor *doctor, const struct service_socket *socket)
{
	struct socket_holder_process process;

	switch (socket_look(socket, &process)) {
	case SOCKET_ABSENT: find_absent(doctor, socket); return;
	case SOCKET_STALE:
		doctor_find(doctor, FINDING_WARNING,
			    arena_printf(doctor->arena, "rm %s", socket->path),
			    "%s: nobody listens there, so look-ups of unknown names fail",
			    socket->path);
		return;
	case SOCKET_SILENT:
		doctor_find(doctor, FINDING_WARNING,
			    process.pid > 1 ? arena_printf(doctor->arena, "kill %d", process.pid)
					    : NULL,
			    "%s: process %d (%s) doesn't answer there, so look-ups wait for it",
			    socket->path, process.pid, process.name);
		return;
	case SOCKET_OURS:
		doctor_find(doctor, FINDING_OK, NULL, "%s answers at %s", socket->program,
			    socket->path);
		return;
	case SOCKET_FOREIGN:
		doctor_find(doctor, FINDING_OK, NULL, "process %d (%s) answers at %s, and not %s",
			    process.pid, process.name, socket->path, socket->program);
		return;
	}
}

bool doctor_varlink_registers(void)
{
	struct socket_holder_process process;

	for (size_t i = 0; i < n_service_sockets; i++)
		if (strcmp(service_sockets[i].program, "mymachines-varlink") == 0)
			return socket_look(&service_sockets[i], &process) == SOCKET_OURS;
	return false;
}

void check_varlink(struct doctor *doctor)
{
	for (size_t i = 0; i < n_service_sockets; i++)
		check_socket(doctor, &service_sockets[i]);
}
