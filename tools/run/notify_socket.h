/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A socket for the notifications, sd_notify(3), of a program that no service
 * manager takes them from.
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
 * Make it, in a new directory below `directory`, and remove those there that killed
 * processes have left. 0 or a negative errno. To be closed with
 * notify_socket_close(), after both.
 */
int notify_socket_open(struct notify_socket *socket, const char *directory);

/*
 * Take the notifications that have come. `leader` becomes the pid that
 * systemd-nspawn(1) has announced, if it has: X_NSPAWN_LEADER_PID=.
 */
void notify_socket_take(struct notify_socket *socket, uint32_t *leader);

void notify_socket_close(struct notify_socket *socket);
