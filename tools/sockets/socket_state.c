/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/sockets/socket_state.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_value.h"
#include "base/proc_file.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ANSWER_MILLISECONDS 3000
#define ANSWER_SIZE_MAX	    16384

static void read_process(int fd, struct socket_holder_process *process)
{
	CLEANUP_FREE char *name = NULL;
	struct ucred peer = { 0 };
	socklen_t size = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid <= 0)
		return;
	process->pid = peer.pid;
	name = proc_read_text((uint32_t) peer.pid, "comm");
	if (name)
		snprintf(process->name, sizeof process->name, "%.*s", (int) strcspn(name, "\n"),
			 name);
}

/* Read one message. Its length without the NUL, or -1. */
static ssize_t read_answer(int fd, char answer[static ANSWER_SIZE_MAX])
{
	int64_t deadline = clock_milliseconds(CLOCK_MONOTONIC) + ANSWER_MILLISECONDS;
	size_t size = 0;

	for (;;) {
		struct pollfd poller = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - clock_milliseconds(CLOCK_MONOTONIC);
		ssize_t n;

		if (left <= 0 || size == ANSWER_SIZE_MAX ||
		    (poll(&poller, 1, (int) left) < 0 && errno != EINTR))
			return -1;
		n = recv(fd, answer + size, ANSWER_SIZE_MAX - size, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return -1;
		if (n < 0)
			continue;
		size += (size_t) n;
		if (answer[size - 1] == '\0')
			return (ssize_t) strlen(answer);
	}
}

static bool is_ours(const char *text, size_t length)
{
	const char *why, *product;
	json_object *answer = json_parse(text, length, &why), *parameters;
	bool ours;

	parameters = json_member(answer, "parameters", json_type_object);
	product = json_member_string(parameters, "product");
	ours = product && strcmp(product, "mymachines") == 0;
	json_object_put(answer);
	return ours;
}

enum socket_state socket_look(const struct service_socket *socket_of,
			      struct socket_holder_process *process)
{
	static const char call[] = "{\"method\":\"org.varlink.service.GetInfo\"}";
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char answer[ANSWER_SIZE_MAX];
	ssize_t length;

	*process = (struct socket_holder_process){ 0 };
	snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_of->path);
	if (fd < 0 || connect(fd, (const struct sockaddr *) &address, sizeof address) < 0)
		return errno == ENOENT ? SOCKET_ABSENT
				       : (errno == ECONNREFUSED ? SOCKET_STALE : SOCKET_SILENT);
	read_process(fd, process);
	if (send(fd, call, sizeof call, MSG_NOSIGNAL) < 0)
		return SOCKET_SILENT;
	length = read_answer(fd, answer);
	if (length < 0)
		return SOCKET_SILENT;
	return is_ours(answer, (size_t) length) ? SOCKET_OURS : SOCKET_FOREIGN;
}
