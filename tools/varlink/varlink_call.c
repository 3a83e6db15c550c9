/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls: which method a message asks for, and the replies. */
#include "base/json_value.h"
#include "tools/varlink/varlink_connection.h"
#include "tools/varlink/varlink_log.h"
#include "tools/varlink/varlink_service.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* of all architectures but parisc and sparc: Linux 6.5 */
#endif

/* Messages of one connection that are answered before others have their turn. */
#define TURN_MAX 16

/* Queue a message, with a descriptor unless that is -1, and send what can be sent. */
static void send_message(struct varlink_connection *c, json_object *message, int fd)
{
	int r = varlink_stream_queue(&c->stream, message, &fd, fd >= 0);

	json_object_put(message);
	if (r == 0)
		r = varlink_stream_flush(&c->stream);
	if (r < 0)
		varlink_connection_end(c);
	else
		varlink_connection_update(c);
}

/* The call has had its final reply. */
static void finish_call(struct varlink_connection *c)
{
	c->answering = false;
	json_object_put(c->call.parameters);
	c->call = (struct varlink_call){ .connection = c };
	varlink_connection_update(c);
}

static void answer(struct varlink_call *call, const char *error, json_object *parameters,
		   bool continues, int fd)
{
	struct varlink_connection *c = call->connection;
	json_object *message;

	/* A second final reply would be taken for the answer to the next call. */
	if (!c->answering || c->oneway || c->ended) {
		json_object_put(parameters);
		if (fd >= 0)
			close(fd);
		if (c->answering && !continues && !c->ended)
			finish_call(c);
		return;
	}
	message = json_object_new_object();
	if (error)
		json_object_object_add(message, "error", json_object_new_string(error));
	if (parameters)
		json_object_object_add(message, "parameters", parameters);
	if (continues)
		json_object_object_add(message, "continues", json_object_new_boolean(true));
	if (!continues)
		finish_call(c);
	send_message(c, message, fd);
}

void varlink_reply(struct varlink_call *call, json_object *parameters)
{
	varlink_reply_descriptor(call, parameters, -1);
}

void varlink_reply_descriptor(struct varlink_call *call, json_object *parameters, int fd)
{
	/* Clients of systemd 252 want an object in a reply that isn't an error. */
	answer(call, NULL, parameters ? parameters : json_object_new_object(), false, fd);
}

void varlink_reply_continues(struct varlink_call *call, json_object *parameters)
{
	answer(call, NULL, parameters ? parameters : json_object_new_object(), true, -1);
}

bool varlink_has_room(const struct varlink_call *call)
{
	const struct varlink_connection *c = call->connection;

	return c->stream.output_size <= c->server->limits.output_size;
}

int varlink_connection_pidfd(const struct varlink_connection *c)
{
	int fd = -1;
	socklen_t size = sizeof fd;

	return getsockopt(c->stream.fd, SOL_SOCKET, SO_PEERPIDFD, &fd, &size) < 0 ? -errno : fd;
}

int varlink_peer_pidfd(const struct varlink_call *call)
{
	return varlink_connection_pidfd(call->connection);
}

void varlink_error(struct varlink_call *call, const char *error, json_object *parameters)
{
	answer(call, error, parameters, false, -1);
}

static void error_about(struct varlink_call *call, const char *error, const char *key,
			const char *value)
{
	json_object *parameters = json_object_new_object();

	json_object_object_add(parameters, key, json_object_new_string(value));
	varlink_error(call, error, parameters);
}

void varlink_invalid_parameter(struct varlink_call *call, const char *parameter)
{
	error_about(call, "org.varlink.service.InvalidParameter", "parameter", parameter);
}

static const struct varlink_interface *find_interface(const struct listener *l, const char *name,
						      size_t length)
{
	for (size_t i = 0; i < l->n_interfaces; i++)
		if (strlen(l->interfaces[i]->name) == length &&
		    memcmp(l->interfaces[i]->name, name, length) == 0)
			return l->interfaces[i];
	return NULL;
}

static const struct varlink_method *find_method(const struct varlink_interface *interface,
						const char *name)
{
	for (size_t i = 0; i < interface->n_methods; i++)
		if (strcmp(interface->methods[i].name, name) == 0)
			return &interface->methods[i];
	return NULL;
}

static void dispatch(struct varlink_call *call, const char *full_name)
{
	const struct listener *l = call->connection->listener;
	const char *dot = strrchr(full_name, '.');
	const struct varlink_interface *interface =
		dot ? find_interface(l, full_name, (size_t) (dot - full_name)) : NULL;
	const struct varlink_method *method = interface ? find_method(interface, dot + 1) : NULL;

	if (!method) {
		error_about(call, "org.varlink.service.MethodNotFound", "method", full_name);
		return;
	}
	if (method->needs_more && !call->more) {
		varlink_error(call, "org.varlink.service.ExpectedMore", NULL);
		return;
	}
	call->method = method->name;
	varlink_log(LOG_DEBUG, "%s, called by process %d of user %u", full_name, call->peer.pid,
		    call->peer.uid);
	if (interface == &varlink_service_interface)
		varlink_service_handle(call, l->interfaces, l->n_interfaces);
	else
		method->handle(call);
	/* A handler that neither answered nor means to do it later has a fault: say so. */
	if (call->connection->answering && !call->cancel)
		varlink_error(call, "io.systemd.System", NULL);
}

static bool flag_of(json_object *message, const char *key, bool *flag)
{
	json_object *value;

	if (!json_object_object_get_ex(message, key, &value) || !value)
		return true;
	*flag = json_object_get_boolean(value);
	return json_object_is_type(value, json_type_boolean);
}

/* Begin to answer a message. False where it isn't a call. */
static bool begin_call(struct varlink_connection *c, json_object *message, const char **method)
{
	json_object *name, *parameters = NULL;
	bool more = false, oneway = false, upgrade = false;

	if (!json_object_object_get_ex(message, "method", &name) || !json_string(name) ||
	    !flag_of(message, "more", &more) || !flag_of(message, "oneway", &oneway) ||
	    !flag_of(message, "upgrade", &upgrade))
		return false;
	/* Absent, null and empty are the same. */
	json_object_object_get_ex(message, "parameters", &parameters);
	if (parameters && !json_object_is_type(parameters, json_type_object))
		return false;
	*method = json_string(name);
	c->answering = true;
	c->oneway = oneway;
	c->call = (struct varlink_call){
		.connection = c,
		.parameters = parameters ? json_object_get(parameters) : json_object_new_object(),
		.more = more && !oneway,
		.service = c->listener->service,
		.peer = c->peer,
		.peer_inode = c->peer_inode,
		.peer_start = c->peer_start,
		.server = c->server,
	};
	if (upgrade)
		error_about(&c->call, "org.varlink.service.MethodNotImplemented", "method",
			    *method);
	return true;
}

static void handle_message(struct varlink_connection *c, json_object *message)
{
	const char *method;

	if (!begin_call(c, message, &method)) {
		varlink_connection_end(c);
		return;
	}
	if (c->answering)
		dispatch(&c->call, method);
}

void varlink_connection_answer(struct varlink_connection *c)
{
	json_object *message;

	for (int turn = 0; turn < TURN_MAX && !c->ended && !c->answering; turn++) {
		int r;

		if (c->stream.output_size > c->server->limits.output_size)
			break;
		r = varlink_stream_take(&c->stream, &message);
		if (r == 0)
			break;
		if (r < 0) {
			varlink_connection_end(c);
			return;
		}
		handle_message(c, message);
		json_object_put(message);
	}
}
