/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/varlink/varlink_server.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/json_value.h"
#include "registry/process_stat.h"
#include "tools/varlink/connection_user.h"
#include "tools/varlink/service_control.h"
#include "tools/varlink/varlink_log.h"
#include "tools/varlink/varlink_service.h"
#include "tools/varlink/varlink_stream.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* of all architectures but parisc and sparc: Linux 6.5 */
#endif

#define EVENTS_MAX 64
/* Messages of one connection that are answered before others have their turn. */
#define TURN_MAX 16

/* What a descriptor in the epoll set is for; the first member of each. */
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
	uid_t user; /* whom it counts for: connection_user.h */
	uint64_t peer_start;
	uint32_t events; /* what epoll waits for */
	bool parked;	 /* over its user's bound: not read yet */
	bool ended;	 /* freed behind the events that name it */
	bool answering;	 /* `call` waits for its final reply */
	bool oneway;	 /* the call wants no reply */
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

static int64_t now_ms(void)
{
	return clock_milliseconds(CLOCK_MONOTONIC);
}

struct varlink_server *varlink_server_new(const struct varlink_limits *limits, struct failure *f)
{
	struct varlink_server *server = calloc(1, sizeof *server);

	if (!server) {
		failure_errno(f, -ENOMEM, "cannot make a server");
		return NULL;
	}
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll < 0) {
		failure_errno(f, -errno, "cannot make an epoll instance");
		free(server);
		return NULL;
	}
	if (limits)
		server->limits = *limits;
	if (!server->limits.message_size)
		server->limits.message_size = 64 * 1024;
	if (!server->limits.output_size)
		server->limits.output_size = 64 * 1024;
	if (!server->limits.user_connections)
		server->limits.user_connections = 1024;
	if (!server->limits.connections)
		server->limits.connections = 4096;
	if (!server->limits.patience_ms)
		server->limits.patience_ms = 2000;
	if (!server->limits.message_ms)
		server->limits.message_ms = 30000;
	if (!server->limits.end_ms)
		server->limits.end_ms = 1000;
	return server;
}

static int add_source(struct varlink_server *server, int fd, void *source, struct failure *f)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return failure_errno(f, -errno, "cannot watch a descriptor");
	return 0;
}

int varlink_server_listen(struct varlink_server *server, int fd, const char *service,
			  const struct varlink_interface *const *interfaces, size_t n_interfaces,
			  struct failure *f)
{
	struct listener *listener = calloc(1, sizeof *listener);

	if (!listener)
		return failure_errno(f, -ENOMEM, "%s: cannot listen", service);
	*listener = (struct listener){ .kind = SOURCE_LISTENER, .fd = fd };
	listener->service = strdup(service);
	listener->interfaces = calloc(n_interfaces + 2, sizeof *interfaces);
	if (!listener->service || !listener->interfaces) {
		free(listener->service);
		free(listener->interfaces);
		free(listener);
		return failure_errno(f, -ENOMEM, "%s: cannot listen", service);
	}
	memcpy(listener->interfaces, interfaces, n_interfaces * sizeof *interfaces);
	listener->interfaces[n_interfaces++] = &service_control_interface;
	listener->interfaces[n_interfaces++] = &varlink_service_interface;
	listener->n_interfaces = n_interfaces;
	listener->next = server->listeners;
	server->listeners = listener;
	return add_source(server, fd, listener, f);
}

int varlink_server_watch(struct varlink_server *server, int fd, void (*wake)(void *data),
			 void *data, struct failure *f)
{
	struct watch *watch = calloc(1, sizeof *watch);

	if (!watch)
		return failure_errno(f, -ENOMEM, "cannot watch a descriptor");
	*watch = (struct watch){ SOURCE_WATCH, server->watches, fd, wake, data };
	server->watches = watch;
	return add_source(server, fd, watch, f);
}

void varlink_server_unwatch(struct varlink_server *server, int fd)
{
	for (struct watch *watch = server->watches; watch; watch = watch->next) {
		if (watch->fd != fd)
			continue;
		epoll_ctl(server->epoll, EPOLL_CTL_DEL, fd, NULL);
		watch->fd = -1;
	}
}

size_t varlink_server_connections(const struct varlink_server *server)
{
	return server->n_connections;
}

/* Have epoll wait for what the connection needs now. */
static void update_events(struct varlink_connection *c)
{
	bool may_read = !c->server->ending && !c->parked && !c->answering &&
			c->stream.output_size <= c->server->limits.output_size;
	uint32_t events = (may_read ? EPOLLIN : 0u) | (c->stream.output ? EPOLLOUT : 0u);
	struct epoll_event event = { .events = events | EPOLLRDHUP, .data.ptr = c };

	/* The end of a client that isn't read matters only while a call waits for its answer. */
	if (!may_read && !c->answering)
		event.events &= ~(uint32_t) EPOLLRDHUP;
	if (event.events == c->events)
		return;
	epoll_ctl(c->server->epoll, EPOLL_CTL_MOD, c->stream.fd, &event);
	c->events = event.events;
}

static void accept_again(struct varlink_server *server, bool on)
{
	for (struct listener *l = server->listeners; l; l = l->next) {
		struct epoll_event event = { .events = on ? EPOLLIN : 0u, .data.ptr = l };

		epoll_ctl(server->epoll, EPOLL_CTL_MOD, l->fd, &event);
	}
	server->full = !on;
}

/* Give a parked connection of this user its turn. */
static void unpark_one(struct varlink_server *server, uid_t user)
{
	struct varlink_connection *oldest = NULL;

	for (struct varlink_connection *c = server->connections; c; c = c->next)
		if (c->parked && !c->ended && c->user == user)
			oldest = c;
	if (!oldest)
		return;
	oldest->parked = false;
	oldest->deadline = 0;
	update_events(oldest);
}

static void end_connection(struct varlink_connection *c)
{
	struct varlink_server *server = c->server;

	if (c->ended)
		return;
	c->ended = true;
	if (c->answering && c->call.cancel)
		c->call.cancel(&c->call);
	json_object_put(c->call.parameters);
	c->call.parameters = NULL;
	varlink_stream_done(&c->stream);
	server->n_connections--;
	if (!c->parked)
		unpark_one(server, c->user);
	if (server->full && !server->ending)
		accept_again(server, true);
}

/* Free those that have ended, when no event can name them any more. */
static void free_ended(struct varlink_server *server)
{
	for (struct varlink_connection *c = server->connections, *next; c; c = next) {
		next = c->next;
		if (!c->ended)
			continue;
		if (c->previous)
			c->previous->next = next;
		else
			server->connections = next;
		if (next)
			next->previous = c->previous;
		free(c);
	}
	for (struct watch **at = &server->watches; *at;) {
		struct watch *watch = *at;

		if (watch->fd >= 0) {
			at = &watch->next;
			continue;
		}
		*at = watch->next;
		free(watch);
	}
}

/* Queue a message, with a descriptor unless that is -1, and send what can be sent. */
static void send_message(struct varlink_connection *c, json_object *message, int fd)
{
	int r = varlink_stream_queue(&c->stream, message, &fd, fd >= 0);

	json_object_put(message);
	if (r == 0)
		r = varlink_stream_flush(&c->stream);
	if (r < 0)
		end_connection(c);
	else
		update_events(c);
}

/* The call has had its final reply. */
static void finish_call(struct varlink_connection *c)
{
	c->answering = false;
	json_object_put(c->call.parameters);
	c->call = (struct varlink_call){ .connection = c };
	update_events(c);
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

int varlink_peer_pidfd(const struct varlink_call *call)
{
	int fd = -1;
	socklen_t size = sizeof fd;

	if (getsockopt(call->connection->stream.fd, SOL_SOCKET, SO_PEERPIDFD, &fd, &size) < 0)
		return -errno;
	return fd;
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
		.peer_start = c->peer_start,
		.server = c->server,
	};
	if (upgrade)
		error_about(&c->call, "org.varlink.service.MethodNotImplemented", "method",
			    *method);
	return true;
}

static void answer_lost_descriptors(struct varlink_call *call)
{
	json_object *parameters = json_object_new_object();

	json_object_object_add(parameters, "origin", json_object_new_string("linux"));
	json_object_object_add(parameters, "errno", json_object_new_int(EMFILE));
	json_object_object_add(parameters, "errnoName", json_object_new_string("EMFILE"));
	varlink_error(call, "io.systemd.System", parameters);
}

static void handle_message(struct varlink_connection *c, struct varlink_message *message)
{
	const char *method;

	if (!begin_call(c, message->json, &method)) {
		end_connection(c);
		return;
	}
	/* Not what the client has sent: it must not wait for an answer to that. */
	if (message->lost_descriptors && c->answering)
		answer_lost_descriptors(&c->call);
	if (c->answering)
		dispatch(&c->call, method);
}

/* Answer what has come, until a call answers later or the client doesn't read. */
static void handle_messages(struct varlink_connection *c)
{
	struct varlink_message message;

	for (int turn = 0; turn < TURN_MAX && !c->ended && !c->answering; turn++) {
		int r;

		if (c->stream.output_size > c->server->limits.output_size)
			break;
		r = varlink_stream_take(&c->stream, &message);
		if (r == 0)
			break;
		if (r < 0) {
			end_connection(c);
			return;
		}
		handle_message(c, &message);
		varlink_message_done(&message);
	}
}

static void set_message_deadline(struct varlink_connection *c)
{
	if (c->parked)
		return;
	/* While a call is answered, nothing is read, and the client can't help that. */
	if (c->answering || !varlink_stream_has_partial(&c->stream))
		c->deadline = 0;
	else if (!c->deadline)
		c->deadline = now_ms() + c->server->limits.message_ms;
}

static void serve_connection(struct varlink_connection *c, uint32_t events)
{
	int r = 0;

	if (c->stream.output)
		r = varlink_stream_flush(&c->stream);
	if (r == 0 && !c->answering && !c->parked && events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
		r = varlink_stream_read(&c->stream);
	else if (r == 0 && events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
		r = -ECONNRESET;
	if (r == -ECONNRESET)
		/* It may have sent its calls and closed its half: these are answered as far as it reads. */
		handle_messages(c);
	if (r < 0) {
		end_connection(c);
		return;
	}
	if (c->answering && c->call.resume && varlink_has_room(&c->call))
		c->call.resume(&c->call);
	if (c->ended)
		return;
	handle_messages(c);
	if (c->ended)
		return;
	set_message_deadline(c);
	update_events(c);
}

/* Connections of this user, or of all but root: those that are served, or the parked ones. */
static size_t count_connections(const struct varlink_server *server, const uid_t *user, bool parked)
{
	size_t count = 0;

	for (const struct varlink_connection *c = server->connections; c; c = c->next)
		count += !c->ended && c->parked == parked &&
			 (user ? c->user == *user : c->user != 0);
	return count;
}

/* Whether one more of this user is too many: a quarter of all is left for root. */
static bool is_over_bound(const struct varlink_server *server, uid_t user)
{
	const struct varlink_limits *limits = &server->limits;

	return user != 0 && (count_connections(server, &user, false) >= limits->user_connections ||
			     count_connections(server, NULL, false) >= limits->connections / 4 * 3);
}

/* Whether those that wait are already as many as may: root must find a descriptor. */
static bool may_park(const struct varlink_server *server, uid_t user)
{
	return count_connections(server, &user, true) < server->limits.user_connections / 4 &&
	       count_connections(server, NULL, true) < server->limits.connections / 8;
}

/* False where none is waiting, or none can be served. */
static bool accept_connection(struct varlink_server *server, struct listener *l)
{
	struct varlink_connection *c;
	struct epoll_event event;
	struct ucred peer;
	struct process_stat stat;
	socklen_t size = sizeof peer;
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		/* No descriptor left: wait until a connection ends. */
		if ((errno == EMFILE || errno == ENFILE) && server->n_connections > 0)
			accept_again(server, false);
		return false;
	}
	c = calloc(1, sizeof *c);
	if (!c || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
		free(c);
		close(fd);
		return false;
	}
	*c = (struct varlink_connection){ .kind = SOURCE_CONNECTION,
					  .server = server,
					  .listener = l,
					  .peer = peer,
					  .user = peer.uid ? connection_user(SUBUID_PATH, peer.uid)
							   : 0,
					  .next = server->connections };
	if (server->limits.knows_start && process_stat_read((uint32_t) peer.pid, &stat) == 0)
		c->peer_start = stat.start_time;
	if (is_over_bound(server, c->user)) {
		if (!may_park(server, c->user)) {
			free(c);
			close(fd);
			return true;
		}
		c->parked = true;
		c->deadline = now_ms() + server->limits.patience_ms;
	}
	varlink_stream_init(&c->stream, fd, server->limits.message_size);
	c->events = c->parked ? 0 : EPOLLIN | EPOLLRDHUP;
	event = (struct epoll_event){ .events = c->events, .data.ptr = c };
	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		varlink_stream_done(&c->stream);
		free(c);
		return false;
	}
	if (c->next)
		c->next->previous = c;
	server->connections = c;
	if (++server->n_connections >= server->limits.connections)
		accept_again(server, false);
	return true;
}

static void handle_event(struct varlink_server *server, const struct epoll_event *event)
{
	enum source_kind kind = *(enum source_kind *) event->data.ptr;

	if (kind == SOURCE_LISTENER) {
		accept_connection(server, event->data.ptr);
	} else if (kind == SOURCE_WATCH) {
		struct watch *watch = event->data.ptr;

		if (watch->fd >= 0)
			watch->wake(watch->data);
	} else if (!((struct varlink_connection *) event->data.ptr)->ended) {
		serve_connection(event->data.ptr, event->events);
	}
}

/* When something about a connection is over its time: 0 for never. */
static int64_t next_deadline(const struct varlink_connection *c)
{
	if (!c->answering || !c->call.expire || !c->call.deadline)
		return c->deadline;
	return !c->deadline || c->call.deadline < c->deadline ? c->call.deadline : c->deadline;
}

static void end_deadline(struct varlink_connection *c, int64_t deadline)
{
	if (deadline == c->deadline)
		end_connection(c);
	else
		c->call.expire(&c->call);
}

/* End what is over its time. Returns how long until the next one is, or -1. */
static int check_deadlines(struct varlink_server *server)
{
	int64_t now = 0, next = -1;

	for (struct varlink_connection *c = server->connections; c; c = c->next) {
		int64_t deadline = c->ended ? 0 : next_deadline(c);

		if (!deadline)
			continue;
		if (!now)
			now = now_ms();
		if (now >= deadline)
			end_deadline(c, deadline);
		else if (next < 0 || deadline - now < next)
			next = deadline - now;
	}
	return next > INT_MAX ? INT_MAX : (int) next;
}

/* Whole messages that were read and weren't answered yet: no event tells of them. */
static bool serve_left_over(struct varlink_server *server)
{
	bool any = false;

	for (struct varlink_connection *c = server->connections; c; c = c->next) {
		if (c->ended || c->answering || c->parked ||
		    c->stream.output_size > server->limits.output_size ||
		    !varlink_stream_has_whole(&c->stream))
			continue;
		any = true;
		handle_messages(c);
		if (!c->ended) {
			set_message_deadline(c);
			update_events(c);
		}
	}
	return any;
}

/* Wait for clients, for so long at most, and answer them. 0 or a negative errno. */
static int serve_once(struct varlink_server *server, int timeout)
{
	struct epoll_event events[EVENTS_MAX];
	bool more = serve_left_over(server);
	sigset_t none;
	int n;

	free_ended(server);
	sigemptyset(&none);
	n = epoll_pwait(server->epoll, events, EVENTS_MAX, more ? 0 : timeout, &none);
	if (n < 0 && errno != EINTR)
		return -errno;
	for (int i = 0; i < n; i++)
		handle_event(server, &events[i]);
	return 0;
}

/* Take what has come, as far as it goes without waiting, and no more from here on. */
static void take_last(struct varlink_server *server)
{
	for (struct listener *l = server->listeners; l; l = l->next)
		for (size_t i = 0; i < server->limits.connections; i++)
			if (server->full || !accept_connection(server, l))
				break;
	for (struct varlink_connection *c = server->connections; c; c = c->next) {
		if (c->ended || c->parked)
			continue;
		/* Calls behind one that is answered later: an end of the client is seen by an event. */
		if (c->answering)
			(void) !varlink_stream_read(&c->stream);
		else
			serve_connection(c, EPOLLIN);
	}
	server->ending = true;
	accept_again(server, false);
	for (struct varlink_connection *c = server->connections; c; c = c->next)
		if (!c->ended)
			update_events(c);
}

/* Whether a client is still to get something. */
static bool is_waited_for(const struct varlink_server *server)
{
	for (struct varlink_connection *c = server->connections; c; c = c->next)
		if (!c->ended && !c->parked &&
		    (c->answering ? !c->call.is_lasting
				  : c->stream.output || varlink_stream_has_whole(&c->stream)))
			return true;
	return false;
}

/* Whether something is done for a client that has a deadline of its own, such as a copy. */
static bool has_work(const struct varlink_server *server)
{
	for (struct varlink_connection *c = server->connections; c; c = c->next)
		if (!c->ended && c->answering && c->call.expire)
			return true;
	return false;
}

static int serve_last(struct varlink_server *server)
{
	int64_t end = now_ms() + server->limits.end_ms, left;
	int r = 0;

	take_last(server);
	while (r == 0 && is_waited_for(server) &&
	       ((left = end - now_ms()) > 0 || has_work(server))) {
		int timeout = check_deadlines(server);

		r = serve_once(server,
			       left > 0 && (timeout < 0 || timeout > left) ? (int) left : timeout);
	}
	return r;
}

int varlink_server_run(struct varlink_server *server, const volatile int *stop, struct failure *f)
{
	int r = 0;

	while (r == 0 && !*stop)
		r = serve_once(server, check_deadlines(server));
	if (r == 0)
		r = serve_last(server);
	return r < 0 ? failure_errno(f, r, "cannot wait for clients") : 0;
}

void varlink_server_free(struct varlink_server *server)
{
	if (!server)
		return;
	for (struct varlink_connection *c = server->connections; c; c = c->next)
		end_connection(c);
	free_ended(server);
	while (server->listeners) {
		struct listener *l = server->listeners;

		server->listeners = l->next;
		close(l->fd);
		free(l->interfaces);
		free(l->service);
		free(l);
	}
	while (server->watches) {
		struct watch *watch = server->watches;

		server->watches = watch->next;
		free(watch);
	}
	close(server->epoll);
	free(server);
}
