/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/varlink/varlink_server.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/pidfd.h"
#include "base/subuid.h"
#include "registry/process_stat.h"
#include "tools/varlink/service_control.h"
#include "tools/varlink/varlink_connection.h"
#include "tools/varlink/varlink_service.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 64

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

static void free_listener(struct listener *listener)
{
	free(listener->interfaces);
	free(listener->service);
	free(listener);
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
		free_listener(listener);
		return failure_errno(f, -ENOMEM, "%s: cannot listen", service);
	}
	memcpy(listener->interfaces, interfaces, n_interfaces * sizeof *interfaces);
	listener->interfaces[n_interfaces++] = &service_control_interface;
	listener->interfaces[n_interfaces++] = &varlink_service_interface;
	listener->n_interfaces = n_interfaces;
	if (add_source(server, fd, listener, f) < 0) {
		free_listener(listener);
		return -1;
	}
	listener->next = server->listeners;
	server->listeners = listener;
	return 0;
}

int varlink_server_watch(struct varlink_server *server, int fd, void (*wake)(void *data),
			 void *data, struct failure *f)
{
	struct watch *watch = calloc(1, sizeof *watch);

	if (!watch)
		return failure_errno(f, -ENOMEM, "cannot watch a descriptor");
	*watch = (struct watch){ SOURCE_WATCH, server->watches, fd, wake, data };
	if (add_source(server, fd, watch, f) < 0) {
		free(watch);
		return -1;
	}
	server->watches = watch;
	return 0;
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

void varlink_connection_update(struct varlink_connection *c)
{
	bool may_read = !c->server->ending && !c->parked && !c->answering && !c->is_closed &&
			c->stream.output_size <= c->server->limits.output_size;
	uint32_t events = (may_read ? EPOLLIN : 0u) | (c->stream.output ? EPOLLOUT : 0u);
	struct epoll_event event = { .events = events | EPOLLRDHUP, .data.ptr = c };

	/* The end of a client that isn't read matters only while a call waits for its answer. */
	if (c->is_closed || (!may_read && !c->answering))
		event.events &= ~(uint32_t) EPOLLRDHUP;
	if (c->is_gone || event.events == c->events)
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
	varlink_connection_update(oldest);
}

void varlink_connection_end(struct varlink_connection *c)
{
	struct varlink_server *server = c->server;

	if (c->ended)
		return;
	c->ended = true;
	if (c->answering && c->call.cancel)
		c->call.cancel(&c->call);
	json_object_put(c->call.parameters);
	c->call.parameters = NULL;
	/* To close it isn't enough: a child that was only just forked has a duplicate. */
	epoll_ctl(server->epoll, EPOLL_CTL_DEL, c->stream.fd, NULL);
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

/*
 * Whether something is still to be done for a client that sends no more: it may wait for replies, or have
 * gone without waiting, as it wants none.
 */
static bool is_owed(struct varlink_connection *c)
{
	if (c->answering)
		return !c->is_gone || c->oneway;
	/* One that has gone without reading its replies waits for nothing. */
	return c->is_gone ? !c->stream.output && varlink_stream_has_whole(&c->stream)
			  : c->stream.output || varlink_stream_has_whole(&c->stream);
}

/* No more comes from the client. If it is owed nothing, the connection ends. */
static void close_input(struct varlink_connection *c, uint32_t events)
{
	c->is_closed = true;
	if (events & (EPOLLERR | EPOLLHUP) && !c->is_gone) {
		c->is_gone = true;
		/* Its end would be told again and again. */
		epoll_ctl(c->server->epoll, EPOLL_CTL_DEL, c->stream.fd, NULL);
	}
	varlink_connection_answer(c);
	if (!is_owed(c))
		varlink_connection_end(c);
}

static void serve_connection(struct varlink_connection *c, uint32_t events)
{
	int r = 0;

	if (c->stream.output)
		r = varlink_stream_flush(&c->stream);
	if (r == 0 && !c->answering && !c->parked && !c->is_closed &&
	    events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
		r = varlink_stream_read(&c->stream);
	else if (r == 0 && events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
		r = -ECONNRESET;
	if (r == -ECONNRESET) {
		close_input(c, events);
		r = 0;
	}
	if (r < 0) {
		varlink_connection_end(c);
		return;
	}
	if (!c->ended && c->answering && c->call.resume && varlink_has_room(&c->call))
		c->call.resume(&c->call);
	if (c->ended)
		return;
	varlink_connection_answer(c);
	if (c->ended)
		return;
	set_message_deadline(c);
	varlink_connection_update(c);
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

/* By its pidfd, as who reads the start time of a process may have to wait for it: host/process_status.h. */
static void identify_peer(struct varlink_connection *c)
{
	CLEANUP_CLOSE int pidfd = varlink_connection_pidfd(c);
	struct process_stat stat;

	c->peer_inode = pidfd < 0 ? 0 : pidfd_inode(pidfd);
	if (c->peer_inode || (pidfd < 0 && pidfd != -ENOPROTOOPT))
		return;
	if (process_stat_read((uint32_t) c->peer.pid, &stat) == 0)
		c->peer_start = stat.start_time;
}

/* False where none is waiting, or none can be served. */
static bool accept_connection(struct varlink_server *server, struct listener *l)
{
	struct varlink_connection *c;
	struct epoll_event event;
	struct ucred peer;
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
					  .user = subuid_owner(SUBUID_PATH, peer.uid),
					  .next = server->connections };
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
	if (server->limits.knows_process)
		identify_peer(c);
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
		varlink_connection_end(c);
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

/*
 * Read on where a client that sends no more had sent more than was read while a call was answered. True if
 * there may be still more.
 */
static bool read_rest(struct varlink_connection *c)
{
	int r;

	if (!c->is_closed || varlink_stream_has_whole(&c->stream))
		return false;
	r = varlink_stream_read(&c->stream);
	if (r <= 0 && !is_owed(c))
		varlink_connection_end(c);
	return r > 0;
}

/* Whole messages that were read and weren't answered yet: no event tells of them. */
static bool serve_left_over(struct varlink_server *server)
{
	bool any = false;

	for (struct varlink_connection *c = server->connections; c; c = c->next) {
		if (c->ended || c->answering || c->parked ||
		    (!c->is_gone && c->stream.output_size > server->limits.output_size))
			continue;
		any = read_rest(c) || any;
		if (c->ended || !varlink_stream_has_whole(&c->stream))
			continue;
		any = true;
		varlink_connection_answer(c);
		if (!c->ended && c->is_closed && !is_owed(c))
			varlink_connection_end(c);
		if (!c->ended) {
			set_message_deadline(c);
			varlink_connection_update(c);
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
			varlink_connection_update(c);
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
		varlink_connection_end(c);
	free_ended(server);
	while (server->listeners) {
		struct listener *l = server->listeners;

		server->listeners = l->next;
		close(l->fd);
		free_listener(l);
	}
	while (server->watches) {
		struct watch *watch = server->watches;

		server->watches = watch->next;
		free(watch);
	}
	close(server->epoll);
	free(server);
}
