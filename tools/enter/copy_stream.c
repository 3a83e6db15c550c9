/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/copy_stream.h"

#include "tools/enter/copy_progress.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct copy_entry copy_entry_of(enum copy_kind kind, const struct stat *st)
{
	return (struct copy_entry){
		.kind = kind,
		.mode = st->st_mode & 07777,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.accessed = st->st_atim.tv_sec,
		.accessed_ns = (uint32_t) st->st_atim.tv_nsec,
		.modified = st->st_mtim.tv_sec,
		.modified_ns = (uint32_t) st->st_mtim.tv_nsec,
	};
}

int copy_fail(struct copy_stream *s, int error, const char *what)
{
	if (*s->problem)
		return -1;
	snprintf(s->problem, sizeof s->problem, "%s: %s%s%s", s->path, what,
		 error && *what ? ": " : "", error ? strerror(error) : "");
	s->error = -error;
	return -1;
}

int copy_fail_protocol(struct copy_stream *s)
{
	if (!*s->problem)
		snprintf(s->problem, sizeof s->problem,
			 "the other process of the copy has sent invalid data");
	return -1;
}

/* The largest errno of the kernel. What the other half sends is a stranger's. */
#define ERRNO_MAX 4095

int copy_fail_theirs(struct copy_stream *s, const struct copy_entry *entry)
{
	if (!*s->problem) {
		snprintf(s->problem, sizeof s->problem, "%.*s", (int) sizeof s->problem - 1,
			 s->payload);
		s->is_theirs = true;
		s->error = entry->offset <= ERRNO_MAX ? -(int) entry->offset : 0;
	}
	return -1;
}

/* Wait for these events of the socket. False if a signal ends the copy, or the other half is blocked. */
static bool wait_for_socket(struct copy_stream *s, short events)
{
	struct pollfd fds[2] = { { .fd = s->socket, .events = events },
				 { .fd = s->signals, .events = POLLIN } };
	struct signalfd_siginfo info;

	int r;

	while ((r = poll(fds, 2, s->stall_ms ? s->stall_ms : -1)) < 0)
		if (errno != EINTR)
			return false;
	if (r == 0) {
		copy_fail(s, ETIMEDOUT, "the other process of the copy doesn't respond");
		return false;
	}
	if (fds[1].revents && read(s->signals, &info, sizeof info) == sizeof info)
		s->signal_number = (int) info.ssi_signo;
	return !s->signal_number;
}

static int send_bytes(struct copy_stream *s, const void *bytes, size_t size, int flags)
{
	for (size_t sent = 0; sent < size;) {
		ssize_t n;

		if (!wait_for_socket(s, POLLOUT))
			return -1;
		n = send(s->socket, (const char *) bytes + sent, size - sent,
			 flags | MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			s->has_ended = true;
			return -1;
		}
		sent += n < 0 ? 0 : (size_t) n;
	}
	return 0;
}

static int receive_bytes(struct copy_stream *s, void *bytes, size_t size)
{
	for (size_t received = 0; received < size;) {
		ssize_t n;

		if (!wait_for_socket(s, POLLIN))
			return -1;
		n = recv(s->socket, (char *) bytes + received, size - received, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			s->has_ended = true;
			return -1;
		}
		received += n < 0 ? 0 : (size_t) n;
	}
	return 0;
}

int copy_send(struct copy_stream *s, struct copy_entry *entry, const void *payload, size_t length)
{
	entry->length = (uint32_t) length;
	if (send_bytes(s, entry, sizeof *entry, length ? MSG_MORE : 0) < 0 ||
	    send_bytes(s, payload, length, 0) < 0)
		return -1;
	if (s->progress)
		copy_progress_count(s->progress, s->path, entry);
	return 0;
}

int copy_receive(struct copy_stream *s, struct copy_entry *entry)
{
	if (receive_bytes(s, entry, sizeof *entry) < 0)
		return -1;
	if (entry->length > COPY_PAYLOAD_MAX)
		return copy_fail_protocol(s);
	if (receive_bytes(s, s->payload, entry->length) < 0)
		return -1;
	s->payload[entry->length] = '\0';
	if (s->progress)
		copy_progress_count(s->progress, s->path, entry);
	return 0;
}

size_t copy_path_enter(struct copy_stream *s, const char *name)
{
	size_t length = strlen(s->path);
	bool has_slash = length && s->path[length - 1] == '/';

	/* A path that is too long is cut: it is only shown. */
	snprintf(s->path + length, sizeof s->path - length, "%s%s", has_slash ? "" : "/", name);
	return length;
}

void copy_path_leave(struct copy_stream *s, size_t length)
{
	s->path[length] = '\0';
}

bool copy_name_is_valid(const char *name)
{
	return *name && strlen(name) <= NAME_MAX && !strchr(name, '/') && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}
