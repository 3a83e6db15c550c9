/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets at which others look for machines, and what answers there. Where
 * systemd runs, its socket units hold them, else the monitor. One more is one
 * more row.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct service_socket {
	const char *path;
	const char *program; /* answers it, and takes it as sd_listen_fds(3) has it */
	const char *unit;    /* the socket unit that holds it where systemd runs */
	const char *subject; /* what it answers */
	const char *link;    /* a second path, which leads to the first; or NULL */
	/* The socket unit of systemd's own service for it, from the version on that has one; or NULL. */
	const char *stock_unit;
};

extern const struct service_socket service_sockets[];
extern const size_t n_service_sockets;

/* Make the second path, if nothing else is there; and remove it, if it leads to the first. */
void service_socket_link(const struct service_socket *socket) __attribute__((nonnull));
void service_socket_unlink(const struct service_socket *socket) __attribute__((nonnull));

/* The path of the program that answers it. False if that isn't installed. */
bool service_socket_find_program(const struct service_socket *socket, char path[static PATH_MAX]);
