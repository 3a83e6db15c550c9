/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/nscd.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "base/clock.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* glibc's nscd/nscd-client.h */
#define NSCD_VERSION	2
#define NSCD_INVALIDATE 10

/* nscd needs a few milliseconds for a full cache. */
#define ANSWER_MILLISECONDS 500

struct request {
	int32_t version;
	int32_t type;
	int32_t key_length;
	char key[8];
};

static int connect_to_nscd(void)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX,
						    .sun_path = NSCD_SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *) &address, sizeof address) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool nscd_is_running(void)
{
	CLEANUP_CLOSE int fd = -1;

	if (access(NSCD_SOCKET, F_OK) < 0)
		return false;
	fd = connect_to_nscd();
	return fd >= 0;
}

/* Returns the connection on which nscd will answer, or -1. */
static int send_request(const char *database)
{
	struct request request = { .version = NSCD_VERSION,
				   .type = NSCD_INVALIDATE,
				   .key_length = (int32_t) strlen(database) + 1 };
	size_t size = offsetof(struct request, key) + strlen(database) + 1;
	int fd = connect_to_nscd();

	strcpy(request.key, database);
	if (fd < 0 || send(fd, &request, size, MSG_NOSIGNAL) == (ssize_t) size)
		return fd;
	close(fd);
	return -1;
}

/* It answers, or closes the connection, when the cache is empty. */
static void wait_for_answer(int fd, int64_t deadline)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int64_t left = deadline - clock_milliseconds(CLOCK_MONOTONIC);

	poll(&poll_fd, 1, left > 0 ? (int) left : 0);
}

void nscd_invalidate(void)
{
	static const char *const databases[] = { "hosts", "passwd", "group" };
	int64_t deadline;
	int fds[ARRAY_SIZE(databases)];

	if (access(NSCD_SOCKET, F_OK) < 0)
		return;
	deadline = clock_milliseconds(CLOCK_MONOTONIC) + ANSWER_MILLISECONDS;
	for (size_t i = 0; i < ARRAY_SIZE(databases); i++)
		fds[i] = send_request(databases[i]);
	for (size_t i = 0; i < ARRAY_SIZE(databases); i++) {
		if (fds[i] < 0)
			continue;
		wait_for_answer(fds[i], deadline);
		close(fds[i]);
	}
}
