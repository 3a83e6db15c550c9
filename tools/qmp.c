/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/qmp.h"

#include "registry/cleanup.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

/* For all that is said in one conversation. */
#define TIMEOUT_MS 5000

/* Events are a few hundred bytes; nothing is asked for that answers with more. */
#define LINE_SIZE_MAX (64 * 1024)

struct conversation {
	int fd;
	int64_t end; /* CLOCK_MONOTONIC, in milliseconds */
	char text[LINE_SIZE_MAX];
	size_t length;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int wait_for(const struct conversation *c, short events)
{
	struct pollfd poller = { .fd = c->fd, .events = events };
	int64_t left = c->end - now_ms();
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
	/* EAGAIN: others wait to be accepted already. */
	if (connect(c->fd, (struct sockaddr *) &address, sizeof address) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return 0;
}

static int say(struct conversation *c, const char *command)
{
	char text[256];
	int length = snprintf(text, sizeof text, "{\"execute\": \"%s\"}\n", command);
	int r = wait_for(c, POLLOUT);

	if (r < 0)
		return r;
	return send(c->fd, text, (size_t) length, MSG_NOSIGNAL) == length ? 0 : -EPROTO;
}

/* Cut the first line off what was read. NULL with a negative errno in `r`. */
static json_object *hear(struct conversation *c, int *r)
{
	json_object *object;
	char *newline;
	ssize_t n;

	while (!(newline = memchr(c->text, '\n', c->length))) {
		*r = c->length == sizeof c->text ? -EPROTO : wait_for(c, POLLIN);
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

/* Wait for an object with this key; events, and whatever else, are passed over. */
static int hear_key(struct conversation *c, const char *key)
{
	for (;;) {
		json_object *object;
		bool is_it, is_error;
		int r;

		object = hear(c, &r);
		if (!object)
			return r;
		is_it = json_object_object_get_ex(object, key, NULL);
		is_error = json_object_object_get_ex(object, "error", NULL);
		json_object_put(object);
		if (is_it || is_error)
			return is_it ? 0 : -EREMOTEIO;
	}
}

static int execute(struct conversation *c, const char *command)
{
	int r = say(c, command);

	return r < 0 ? r : hear_key(c, "return");
}

int qmp_execute(const char *path, const char *command)
{
	CLEANUP_FREE struct conversation *c = calloc(1, sizeof *c);
	int r;

	if (!c)
		return -ENOMEM;
	c->end = now_ms() + TIMEOUT_MS;
	r = open_socket(c, path);
	if (r == 0)
		r = hear_key(c, "QMP");
	if (r == 0)
		r = execute(c, "qmp_capabilities");
	if (r == 0)
		r = execute(c, command);
	if (c->fd >= 0)
		close(c->fd);
	return r;
}
