/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/control/qmp.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/pidfd.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* For a whole conversation. */
#define TIMEOUT_MS 5000

/* Events have a few hundred bytes, and no command that we send has a longer answer. */
#define LINE_SIZE_MAX (64 * 1024)

struct conversation {
	int fd;
	int64_t end; /* CLOCK_MONOTONIC, in milliseconds */
	char text[LINE_SIZE_MAX];
	size_t length;
};

static int wait_for_socket(const struct conversation *c, short events)
{
	struct pollfd poller = { .fd = c->fd, .events = events };
	int64_t left = c->end - clock_milliseconds(CLOCK_MONOTONIC);
	int r = left > 0 ? poll(&poller, 1, (int) left) : 0;

	return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

static int open_socket(struct conversation *c, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return -errno;
	/* EAGAIN: other programs are waiting to be accepted already. */
	if (connect(c->fd, (struct sockaddr *) &address, sizeof address) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return 0;
}

static int send_command(struct conversation *c, const char *command)
{
	char text[256];
	int length = snprintf(text, sizeof text, "{\"execute\": \"%s\"}\n", command);
	int r = wait_for_socket(c, POLLOUT);

	if (r < 0)
		return r;
	return send(c->fd, text, (size_t) length, MSG_NOSIGNAL) == length ? 0 : -EPROTO;
}

/* Receive a line, an object. NULL with a negative errno in `r`. */
static json_object *receive_object(struct conversation *c, int *r)
{
	json_object *object;
	char *newline;
	ssize_t n;

	while (!(newline = memchr(c->text, '\n', c->length))) {
		*r = c->length == sizeof c->text ? -EPROTO : wait_for_socket(c, POLLIN);
		if (*r < 0)
			return NULL;
		n = recv(c->fd, c->text + c->length, sizeof c->text - c->length, 0);
		if (n <= 0) {
			*r = n < 0 ? -errno : -ECONNRESET;
			return NULL;
		}
		c->length += (size_t) n;
	}
	*newline++ = '\0';
	object = json_tokener_parse(c->text);
	c->length -= (size_t) (newline - c->text);
	memmove(c->text, newline, c->length);
	*r = json_object_is_type(object, json_type_object) ? 0 : -EPROTO;
	if (*r == 0)
		return object;
	json_object_put(object);
	return NULL;
}

/*
 * Wait for an object with this key; skip events and anything else. `value`, unless NULL,
 * becomes what the key has, the caller's.
 */
static int receive_key(struct conversation *c, const char *key, json_object **value)
{
	for (;;) {
		json_object *object, *found = NULL;
		bool is_it, is_error;
		int r;

		object = receive_object(c, &r);
		if (!object)
			return r;
		is_it = json_object_object_get_ex(object, key, &found);
		is_error = json_object_object_get_ex(object, "error", NULL);
		if (is_it && value)
			*value = json_object_get(found);
		json_object_put(object);
		if (is_it || is_error)
			return is_it ? 0 : -EREMOTEIO;
	}
}

static int execute_command(struct conversation *c, const char *command, json_object **value)
{
	int r = send_command(c, command);

	return r < 0 ? r : receive_key(c, "return", value);
}

/*
 * A whole conversation, with one command. The process of `pidfd`, -1 for none, has to live when it
 * is sent.
 */
static int converse(const char *path, int pidfd, const char *command, int milliseconds,
		    json_object **value)
{
	CLEANUP_FREE struct conversation *c = calloc(1, sizeof *c);
	int r;

	if (!c)
		return -ENOMEM;
	c->fd = -1;
	c->end = clock_milliseconds(CLOCK_MONOTONIC) + milliseconds;
	r = open_socket(c, path);
	if (r == 0)
		r = receive_key(c, "QMP", NULL);
	if (r == 0)
		r = execute_command(c, "qmp_capabilities", NULL);
	if (r == 0 && pidfd >= 0 && !pidfd_is_alive(pidfd))
		r = -ESRCH;
	if (r == 0)
		r = execute_command(c, command, value);
	if (c->fd >= 0)
		close(c->fd);
	return r;
}

int qmp_execute(const char *path, int pidfd, const char *command)
{
	return converse(path, pidfd, command, TIMEOUT_MS, NULL);
}

int qmp_is_paused(const char *path, int milliseconds)
{
	json_object *status = NULL, *running;
	int r = converse(path, -1, "query-status", milliseconds, &status);

	if (r == 0)
		r = json_object_object_get_ex(status, "running", &running) &&
				    json_object_is_type(running, json_type_boolean)
			    ? !json_object_get_boolean(running)
			    : -EPROTO;
	json_object_put(status);
	return r;
}
