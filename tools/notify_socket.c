/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/notify_socket.h"

#include "registry/cleanup.h"
#include "registry/name.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A datagram longer than this is cut; sd_notify(3) itself has no limit, the socket's is above. */
#define DATAGRAM_MAX (64 * 1024)

/* The most that one may have with it: unix(7). */
#define DESCRIPTORS_MAX 253

#define LEADER_WORD "X_NSPAWN_LEADER_PID="

int notify_socket_open(struct notify_socket *s, const char *directory)
{
	struct sockaddr_un *address = &s->address;
	size_t room = sizeof address->sun_path;

	*s = (struct notify_socket){ .fd = -1, .address.sun_family = AF_UNIX };
	if (strlen(directory) + sizeof "/notify.XXXXXX/socket" > room)
		return -ENAMETOOLONG;
	sprintf(s->directory, "%s/notify.XXXXXX", directory);
	if (!mkdtemp(s->directory)) {
		s->directory[0] = '\0';
		return -errno;
	}
	strcpy(address->sun_path, s->directory);
	strcat(address->sun_path, "/socket");
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0 || bind(s->fd, (const struct sockaddr *) address, sizeof *address) < 0)
		return -errno;
	return 0;
}

/* What we were given. Returns its length, or 0. */
static socklen_t own_address(struct sockaddr_un *address)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;

	if (length < 2 || length >= sizeof address->sun_path || (*path != '/' && *path != '@'))
		return 0;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, path, length);
	/* An abstract one: unix(7). */
	if (*path == '@')
		address->sun_path[0] = '\0';
	return (socklen_t) (offsetof(struct sockaddr_un, sun_path) + length);
}

/* With the descriptors, for which whoever gets it may be waiting: sd_notify_barrier(3). */
static void pass_on(struct msghdr *message)
{
	CLEANUP_CLOSE int fd = -1;
	struct sockaddr_un address;

	message->msg_namelen = own_address(&address);
	message->msg_name = &address;
	message->msg_flags = 0;
	if (message->msg_namelen)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		sendmsg(fd, message, MSG_NOSIGNAL);
}

static void close_descriptors(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			close(fd);
		}
	}
}

static void find_leader(char *text, uint32_t *leader)
{
	char *rest;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, LEADER_WORD, strlen(LEADER_WORD)) == 0)
			id_parse(line + strlen(LEADER_WORD), leader);
}

void notify_socket_take(struct notify_socket *s, uint32_t *leader)
{
	CLEANUP_FREE char *text = malloc(DATAGRAM_MAX + 1);
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
	} control;
	struct iovec part = { .iov_base = text };
	ssize_t n;

	while (text && s->fd >= 0) {
		struct msghdr message = { .msg_iov = &part,
					  .msg_iovlen = 1,
					  .msg_control = &control,
					  .msg_controllen = sizeof control };

		part.iov_len = DATAGRAM_MAX;
		n = recvmsg(s->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n < 0)
			return;
		part.iov_len = (size_t) n;
		pass_on(&message);
		close_descriptors(&message);
		text[n] = '\0';
		find_leader(text, leader);
	}
}

void notify_socket_close(struct notify_socket *s)
{
	cleanup_close(&s->fd);
	s->fd = -1;
	if (!*s->directory)
		return;
	unlink(s->address.sun_path);
	rmdir(s->directory);
	s->directory[0] = '\0';
}
