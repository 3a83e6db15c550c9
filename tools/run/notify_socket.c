/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/notify_socket.h"

#include "base/cleanup.h"
#include "base/descriptors.h"
#include "base/lines.h"
#include "base/number.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Longer datagrams are cut. sd_notify(3) has no limit of its own; the socket's is higher. */
#define DATAGRAM_MAX (64 * 1024)

/* A datagram carries so many descriptors at most: unix(7). */
#define DESCRIPTORS_MAX 253

#define LEADER_WORD "X_NSPAWN_LEADER_PID="

/* The template of the directory's name, for mkdtemp(3). */
#define DIRECTORY_PREFIX "notify."

/* Whether nobody has the socket at this address open. */
static bool is_abandoned(const struct sockaddr_un *address)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *) address, sizeof *address) < 0 &&
	       errno == ECONNREFUSED;
}

/* Remove the socket of a process that was killed, and its directory. */
static void remove_if_abandoned(const char *directory, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s/socket", directory,
			      name);

	if (length < 0 || (size_t) length >= sizeof address.sun_path || !is_abandoned(&address))
		return;
	unlink(address.sun_path);
	*strrchr(address.sun_path, '/') = '\0';
	rmdir(address.sun_path);
}

static void remove_abandoned(const char *directory)
{
	DIR *entries = opendir(directory);
	struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		if (strncmp(entry->d_name, DIRECTORY_PREFIX, strlen(DIRECTORY_PREFIX)) == 0)
			remove_if_abandoned(directory, entry->d_name);
	if (entries)
		closedir(entries);
}

int notify_socket_open(struct notify_socket *s, const char *directory)
{
	struct sockaddr_un *address = &s->address;
	size_t room = sizeof address->sun_path;

	*s = (struct notify_socket){ .fd = -1, .address.sun_family = AF_UNIX };
	if (strlen(directory) + sizeof "/" DIRECTORY_PREFIX "XXXXXX/socket" > room)
		return -ENAMETOOLONG;
	remove_abandoned(directory);
	sprintf(s->directory, "%s/" DIRECTORY_PREFIX "XXXXXX", directory);
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

static void close_descriptors(struct msghdr *message)
{
	int descriptors[DESCRIPTORS_MAX];

	descriptors_close(descriptors, descriptors_received(message, descriptors, DESCRIPTORS_MAX));
}

static void read_announcement(char *text, uint32_t *leader)
{
	for (char *line, *rest = text; (line = line_next(&rest));)
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
		close_descriptors(&message);
		text[n] = '\0';
		read_announcement(text, leader);
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
