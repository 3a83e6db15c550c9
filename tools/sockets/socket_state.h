/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which program answers at a socket. */
#pragma once

#include "tools/sockets/service_socket.h"

#include <sys/types.h>

enum socket_state {
	SOCKET_ABSENT,
	SOCKET_STALE,  /* a file, and nobody listens: clients get errors */
	SOCKET_SILENT, /* somebody listens, and doesn't answer in time */
	SOCKET_OURS,
	SOCKET_FOREIGN,
};

struct socket_holder_process {
	pid_t pid; /* who listens, or who has opened it for the service; 0: unknown */
	char name[16];
};

/* Ask at the socket, for three seconds at most. That starts the service. Changes nothing else. */
enum socket_state socket_look(const struct service_socket *socket,
			      struct socket_holder_process *process) __attribute__((nonnull));
