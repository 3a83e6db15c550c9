/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A Varlink server: connections of many clients in one process that never
 * waits for any of them. Calls of a connection are answered one after the
 * other, each with exactly one final reply, or with none if it is `oneway`.
 *
 * Connections are bounded for each user, those of root apart, so that no user
 * can take them all. A user's subordinate ids are one user more. The newest connection over a user's bound isn't read for
 * two seconds, in which another may end, and is closed then.
 */
#pragma once

#include "base/failure.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct varlink_server;
struct varlink_connection;

/* One call, good until it is answered. */
struct varlink_call {
	struct varlink_connection *connection;
	const char *method;	 /* without the interface: "GetUserRecord" */
	json_object *parameters; /* an object, also where the call has none */
	bool more;		 /* the client takes several replies */
	const char *service;	 /* the name of the socket's file */
	struct ucred peer;	 /* the caller, as the kernel told when it connected */
	uint64_t peer_inode;	 /* its pidfd's, or 0 before Linux 6.9 */
	uint64_t peer_start;	 /* before Linux 6.9, its start time, or 0: process_stat.h */
	struct varlink_server *server;

	/* For a handler that answers later: called if the client goes before that. */
	void (*cancel)(struct varlink_call *call);
	/* Called when the client has read so much that more may be sent, if that is set. */
	void (*resume)(struct varlink_call *call);
	/* Called at this time, as clock_milliseconds() has it, if that isn't 0. */
	int64_t deadline;
	void (*expire)(struct varlink_call *call);
	/* Set by a handler that answers for as long as the client stays: no end of it is waited for. */
	bool is_lasting;
	void *data;
};

/*
 * Answer a call: with varlink_reply(), varlink_error() or the like, now or, if
 * `cancel` is set, later. The call is the connection's, and good until then.
 */
typedef void varlink_handler(struct varlink_call *call);

struct varlink_method {
	const char *name;
	varlink_handler *handle;
	bool needs_more; /* ExpectedMore without it */
};

struct varlink_interface {
	const char *name;
	const char *description; /* in Varlink's interface definition language */
	const struct varlink_method *methods;
	size_t n_methods;
};

/* The one final reply. `parameters` is taken over, and may be NULL for none. */
void varlink_reply(struct varlink_call *call, json_object *parameters);

/* A reply that others follow. The call must have said `more`. */
void varlink_reply_continues(struct varlink_call *call, json_object *parameters);

/* The one final reply, an error of this full name. `parameters` likewise. */
void varlink_error(struct varlink_call *call, const char *error, json_object *parameters);

/*
 * The one final reply, and a descriptor beside it, which is the server's from here on. The
 * parameters name it by 0, its number in the message.
 */
void varlink_reply_descriptor(struct varlink_call *call, json_object *parameters, int fd);

/* Whether a reply that others follow may be sent now, or the handler has to wait for `resume`. */
bool varlink_has_room(const struct varlink_call *call);

/*
 * A new descriptor of the process that has connected, also where its pid is another's by now. A
 * negative errno: -ESRCH if it has ended, -ENOPROTOOPT before Linux 6.5.
 */
int varlink_peer_pidfd(const struct varlink_call *call);

/* org.varlink.service.InvalidParameter with the parameter's name. */
void varlink_invalid_parameter(struct varlink_call *call, const char *parameter);

/* Settings of a server; zero means the default. */
struct varlink_limits {
	size_t message_size;	 /* bytes of an incoming message: 64 KiB */
	size_t output_size;	 /* bytes that wait for a client before it is read again: 64 KiB */
	size_t user_connections; /* of each user but root: 1,024 */
	size_t connections;	 /* of all, and of root: 4,096 */
	int patience_ms;	 /* for a connection over the bound: 2,000 */
	int message_ms;		 /* for a message that has begun: 30,000 */
	int end_ms; /* for calls that are under way when it is to end, and have no deadline: 1,000 */
	bool knows_process; /* find out which process calls, for `peer_inode` and `peer_start` */
};

/* A new server, or NULL with a failure. What goes wrong with a client ends that client alone. */
struct varlink_server *varlink_server_new(const struct varlink_limits *limits,
					  struct failure *failure)
	__attribute__((nonnull(2), warn_unused_result));

/*
 * Answer these interfaces on a listening socket, which is the server's from here
 * on, unless this fails. `service` is the name of its file. io.systemd.service and
 * org.varlink.service are added by themselves. 0, or -1 with a failure.
 */
int varlink_server_listen(struct varlink_server *server, int fd, const char *service,
			  const struct varlink_interface *const *interfaces, size_t n_interfaces,
			  struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* A descriptor to watch beside: `wake` is called when it can be read. 0, or -1 with a failure. */
int varlink_server_watch(struct varlink_server *server, int fd, void (*wake)(void *data),
			 void *data, struct failure *failure)
	__attribute__((nonnull(1, 3, 5), warn_unused_result));

/* Watch it no more, before it is closed. */
void varlink_server_unwatch(struct varlink_server *server, int fd) __attribute__((nonnull));

/*
 * Serve until `*stop` is set, which the handler of a signal does that is blocked but for the wait
 * in here. Who has connected and called by then still gets the answers. 0, or -1 with a failure.
 */
int varlink_server_run(struct varlink_server *server, const volatile int *stop,
		       struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Connections that there are. */
size_t varlink_server_connections(const struct varlink_server *server);

void varlink_server_free(struct varlink_server *server);
