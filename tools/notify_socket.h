/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A socket for what a program tells its service manager, sd_notify(3), which
 * passes all of it on to our own.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

struct notify_socket {
	int fd;							       /* or -1 */
	char directory[sizeof((struct sockaddr_un *) NULL)->sun_path]; /* a private one, or "" */
	struct sockaddr_un address; /* its path is for NOTIFY_SOCKET */
};

/*
 * Make it, in a new directory in this one. 0 or a negative errno. To be closed
 * with notify_socket_close(), after both.
 */
int notify_socket_open(struct notify_socket *socket, const char *directory);

/*
 * Pass on what has come. `leader` becomes the pid that systemd-nspawn(1) has
 * told, if it has: X_NSPAWN_LEADER_PID=.
 */
void notify_socket_take(struct notify_socket *socket, uint32_t *leader);

void notify_socket_close(struct notify_socket *socket);
