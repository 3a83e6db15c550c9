/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/enter/visitor_packet.h"

#include "base/clock.h"
#include "base/descriptors.h"
#include "base/format.h"
#include "registry/process_stat.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Linux's include/linux/err.h. */
#define ERRNO_MAX 4095

/* How often a visitor is looked at before it is taken for blocked. */
#define LOOKS 16

/* A control message of descriptors. */
union fds_message {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(VISITOR_FDS_MAX * sizeof(int))];
};

/* CMSG_SPACE() rounds up, so the kernel may put in more descriptors than VISITOR_FDS_MAX. */
#define FDS_ROOM ((sizeof(union fds_message) - CMSG_LEN(0)) / sizeof(int))

int visitor_packet_send(int socket, const struct visitor_packet *packet, const int *fds,
			size_t count)
{
	ssize_t n = descriptors_send(socket, packet, sizeof *packet, fds, count, 0);

	return n < 0 ? (int) n : 0;
}

/* Not if it waits for something, such as a file system. */
static bool is_runnable(pid_t pid)
{
	struct process_stat stat;

	return process_stat_read((uint32_t) pid, &stat) == 0 && stat.state == 'R';
}

int visitor_packet_wait(int socket, pid_t visitor, int blocked, int most)
{
	struct pollfd poller = { .fd = socket, .events = POLLIN };
	int64_t start = clock_milliseconds(CLOCK_MONOTONIC), runnable = start, now = start;
	int r = 0;

	while (r <= 0 && now - runnable < blocked && now - start < most) {
		r = poll(&poller, 1, blocked / LOOKS);
		now = clock_milliseconds(CLOCK_MONOTONIC);
		if (r == 0 && is_runnable(visitor))
			runnable = now;
	}
	if (r > 0)
		return 0;
	return now - runnable < blocked ? -EBUSY : -ETIMEDOUT;
}

/* Make a failure from another process fit to be read. */
static void sanitize_failure(struct failure *f)
{
	f->text[sizeof f->text - 1] = '\0';
	if ((int) f->kind <= (int) FAILURE_NONE || (int) f->kind > (int) FAILURE_KIND_LAST)
		f->kind = FAILURE_OTHER;
	if (f->error > 0 || f->error < -ERRNO_MAX)
		f->error = 0;
}

int visitor_packet_receive(int socket, struct visitor_packet *packet, int *fds, size_t count)
{
	struct iovec iov = { packet, sizeof *packet };
	union fds_message control = { 0 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control,
	};
	int received[FDS_ROOM];
	bool is_whole;
	ssize_t size;
	size_t n;

	do
		size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (size < 0 && errno == EINTR);
	if (size <= 0)
		return 0;
	n = descriptors_received(&message, received, FDS_ROOM);
	is_whole = size == sizeof *packet && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
	if (!is_whole || n != (packet->kind == VISITOR_READY ? count : 0)) {
		descriptors_close(received, n);
		return -EBADMSG;
	}
	sanitize_failure(&packet->failure);
	if (n)
		memcpy(fds, received, n * sizeof *received);
	return 1;
}

int visitor_packet_tampered(const char *machine, struct failure *f)
{
	return failure_set(f, FAILURE_OTHER,
			   "%s: the process that was sent there has been tampered with", machine);
}

int visitor_packet_missing(const char *machine, struct failure *f)
{
	return failure_set(f, FAILURE_OTHER, "%s: the process that was sent there was killed",
			   machine);
}

int visitor_packet_expect(int socket, pid_t visitor, const char *machine,
			  struct visitor_packet *packet, int *fds, size_t count, struct failure *f)
{
	char escaped[ESCAPED_SIZE(sizeof packet->failure.text)];
	int r = visitor_packet_wait(socket, visitor, VISITOR_ANSWER_MS, VISITOR_SLOW_MS);

	if (r == -EBUSY)
		return failure_set(f, FAILURE_TIMED_OUT,
				   "%s: the process that was sent there has not answered for %d "
				   "seconds, because it gets too little of the processors",
				   machine, VISITOR_SLOW_MS / 1000);
	if (r == -ETIMEDOUT)
		return failure_set(f, FAILURE_TIMED_OUT,
				   "%s: the process that was sent there has not answered for %d "
				   "seconds; does a file system of the machine hang?",
				   machine, VISITOR_ANSWER_MS / 1000);
	r = visitor_packet_receive(socket, packet, fds, count);
	if (r < 0)
		return visitor_packet_tampered(machine, f);
	if (r == 0 || packet->kind != VISITOR_FAILED)
		return r;
	failure_set(f, packet->failure.kind, "%s: %s", machine,
		    escape(packet->failure.text, escaped));
	f->error = packet->failure.error;
	return -1;
}
