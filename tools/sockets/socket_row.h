/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One socket that is held, or is waited for, and what answers it. Inside socket_holder.c's process. */
#pragma once

#include "base/file_identity.h"
#include "tools/sockets/service_socket.h"

#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

/* The descriptors of a row that are waited for. */
enum row_event { ROW_LISTENER, ROW_SERVER, ROW_FOREIGN, ROW_PING, ROW_EVENTS };

#define SOCKET_ROW_LEFT_MAX 4

struct socket_row {
	const struct service_socket *socket;
	char program[PATH_MAX];
	void (*report)(void *data, const char *text);
	void *data;

	int listener; /* -1: it isn't held */
	struct file_identity identity;
	int64_t due; /* when to try to hold it again, in milliseconds; 0: no time is known */

	/* Somebody else answers. */
	int foreign;	   /* his pidfd, or -1 */
	pid_t foreign_pid; /* who was reported */
	struct file_identity refusing;
	int64_t refused; /* since when the file there has refused connections, or 0 */

	/* The program that answers. */
	pid_t server;
	int server_fd; /* its pidfd, or -1 */
	/* Former servers that still work for clients, 0 where there is none. They end when they have. */
	pid_t left[SOCKET_ROW_LEFT_MAX];
	int64_t started;
	unsigned int failures; /* ends in a row, each soon after its start */
	int64_t start_due;

	int ping; /* a connection that waits for an answer, or -1 */
	int64_t pinged;
};

void socket_row_init(struct socket_row *row, const struct service_socket *socket,
		     void (*report)(void *data, const char *text), void *data);

/*
 * Hold the socket if it can be held, and see whether it is still there. Sets `due`. Nobody can
 * connect before socket_row_listen().
 */
void socket_row_hold(struct socket_row *row, int64_t now);
void socket_row_listen(const struct socket_row *row);

/* Take the socket's name away; who has connected is still answered. */
void socket_row_remove(const struct socket_row *row);

/* Have what answers it end. That isn't waited for. */
void socket_row_ask_to_end(const struct socket_row *row);

/* Take the name away, and end what answers it. */
void socket_row_release(struct socket_row *row);

/* The events and the time to wait for: `*due` becomes that time if it is sooner. */
void socket_row_prepare(const struct socket_row *row, struct pollfd events[static ROW_EVENTS],
			int64_t now, int64_t *due);

/* Whether the row is to be held again now, after these events. */
bool socket_row_take_events(struct socket_row *row, const struct pollfd events[static ROW_EVENTS],
			    int64_t now);
