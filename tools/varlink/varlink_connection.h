/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A server and its connections, for the two halves of the server: varlink_server.c waits for clients and
 * bounds what they take, varlink_call.c answers what they ask.
 */
#pragma once

#include "tools/varlink/varlink_server.h"
#include "tools/varlink/varlink_stream.h"

#include <sys/socket.h>

/* The purpose of a descriptor in the epoll set; the first member of each structure. */
enum source_kind { SOURCE_LISTENER, SOURCE_CONNECTION, SOURCE_WATCH };

struct listener {
	enum source_kind kind;
	struct listener *next;
	int fd;
	char *service;
	const struct varlink_interface **interfaces;
	size_t n_interfaces;
};

struct watch {
	enum source_kind kind;
	struct watch *next;
	int fd; /* -1: freed behind the events that name it */
	void (*wake)(void *data);
	void *data;
};

struct varlink_connection {
	enum source_kind kind;
	struct varlink_connection *previous, *next;
	struct varlink_server *server;
	const struct listener *listener;
	struct varlink_stream stream;
	struct ucred peer;
	uid_t user;			 /* whom it counts for: base/subuid.h */
	uint64_t peer_inode, peer_start; /* as in struct varlink_call */
	uint32_t events;		 /* what epoll waits for */
	bool parked;			 /* over its user's bound: not read yet */
	bool ended;			 /* freed behind the events that name it */
	bool answering;			 /* `call` waits for its final reply */
	bool oneway;			 /* the call wants no reply */
	bool is_closed;			 /* the client sends no more */
	bool is_gone;			 /* nor does it read */
	struct varlink_call call;
	int64_t deadline; /* of a parked one, or of a message that has begun; 0: none */
};

struct varlink_server {
	int epoll;
	struct varlink_limits limits;
	struct listener *listeners;
	struct watch *watches;
	struct varlink_connection *connections;
	size_t n_connections;
	bool full;   /* listeners aren't accepted from */
	bool ending; /* nothing more is read */
};

/* Have epoll wait for what the connection needs now. */
void varlink_connection_update(struct varlink_connection *connection) __attribute__((nonnull));

/* It is freed later: events may name it. */
void varlink_connection_end(struct varlink_connection *connection) __attribute__((nonnull));

/* Answer what has come, until a call answers later or the client doesn't read. */
void varlink_connection_answer(struct varlink_connection *connection) __attribute__((nonnull));

/* A new pidfd of the process that connected, or a negative errno: -ENOPROTOOPT before Linux 6.5. */
int varlink_connection_pidfd(const struct varlink_connection *connection) __attribute__((nonnull));
