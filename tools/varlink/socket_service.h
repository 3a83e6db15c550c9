/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that answers interfaces on the sockets that it is started with, by systemd or by
 * the monitor, until it is told to end.
 */
#pragma once

#include "tools/varlink/varlink_server.h"

/* As many connections as a server has by default, and what a process has besides. */
#define SOCKET_SERVICE_DESCRIPTORS 4160

struct socket_service {
	const char *name; /* the program's */
	const struct varlink_interface *const *interfaces;
	size_t n_interfaces;
	const struct varlink_limits *limits; /* or NULL */
	unsigned int descriptors;	     /* that it wants at the most */
	/* Else it becomes an ordinary user: who can read the registry can answer. */
	bool needs_root;
	/* Called while the server waits, when children have ended, or NULL. */
	void (*reap)(void);
	/* Called before it serves, or NULL. 0, or -1 with a failure. */
	int (*begin)(struct varlink_server *server, struct failure *failure);
};

/* Returns the exit status of the program. */
int socket_service_main(const struct socket_service *service, int argc, char **argv);
