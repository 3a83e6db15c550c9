/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pam/route_socket.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t) time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int route_socket_open(struct route_socket *s, int milliseconds)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	s->sequence = 0;
	s->deadline = now() + milliseconds;
	s->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *) &kernel, sizeof kernel) < 0)
		return -errno;
	return 0;
}

void route_socket_close(struct route_socket *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void route_question_begin(struct route_question *q, uint16_t type, uint16_t flags,
			  const void *header, size_t header_size)
{
	struct nlmsghdr *message = (struct nlmsghdr *) q->bytes;

	memset(q, 0, sizeof *q);
	message->nlmsg_len = (uint32_t) NLMSG_SPACE(header_size);
	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	memcpy(NLMSG_DATA(message), header, header_size);
}

void route_question_add(struct route_question *q, uint16_t type, const void *value, size_t size)
{
	struct nlmsghdr *message = (struct nlmsghdr *) q->bytes;
	struct rtattr *attribute = (struct rtattr *) (q->bytes + message->nlmsg_len);

	/* Questions have at most three attributes, none of them larger than an address. */
	if (message->nlmsg_len + RTA_SPACE(size) > sizeof q->bytes)
		return;
	attribute->rta_type = type;
	attribute->rta_len = (unsigned short) RTA_LENGTH(size);
	memcpy(RTA_DATA(attribute), value, size);
	message->nlmsg_len += (uint32_t) RTA_SPACE(size);
}

static int send_question(struct route_socket *s, struct route_question *q)
{
	struct nlmsghdr *message = (struct nlmsghdr *) q->bytes;

	message->nlmsg_seq = ++s->sequence;
	return send(s->fd, message, message->nlmsg_len, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Wait for the next datagram. Returns its size, or a negative errno. */
static int receive(struct route_socket *s)
{
	for (;;) {
		struct pollfd poller = { .fd = s->fd, .events = POLLIN };
		int64_t left = s->deadline - now();
		ssize_t size;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&poller, 1, (int) left) < 0 && errno != EINTR)
			return -errno;
		size = recv(s->fd, s->buffer, sizeof s->buffer, MSG_TRUNC);
		if (size > (ssize_t) sizeof s->buffer)
			return -EMSGSIZE;
		if (size >= 0)
			return (int) size;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}

/* The error in an NLMSG_ERROR; 0 for an acknowledgement. */
static int read_error(const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = NLMSG_DATA(message);

	return message->nlmsg_len < NLMSG_LENGTH(sizeof *error) ? -EBADMSG : error->error;
}

/*
 * Take the messages of the last question from one datagram. 1 at the end of the
 * answer, 0 if more will come.
 */
static int take_messages(struct route_socket *s, size_t size,
			 void (*take)(const struct nlmsghdr *message, void *data), void *data)
{
	size_t length;

	for (size_t at = 0; at < size; at += NLMSG_ALIGN(length)) {
		const struct nlmsghdr *message = (const struct nlmsghdr *) &s->buffer[at];
		int r;

		if (size - at < sizeof *message)
			return -EBADMSG;
		length = message->nlmsg_len;
		if (length < sizeof *message || length > size - at)
			return -EBADMSG;
		if (message->nlmsg_seq != s->sequence)
			continue;
		if (message->nlmsg_type == NLMSG_DONE)
			return 1;
		if (message->nlmsg_type == NLMSG_ERROR) {
			r = read_error(message);
			return r < 0 ? r : 1;
		}
		take(message, data);
		if (!(message->nlmsg_flags & NLM_F_MULTI))
			return 1;
	}
	return 0;
}

int route_socket_dump(struct route_socket *s, struct route_question *q,
		      void (*take)(const struct nlmsghdr *message, void *data), void *data)
{
	int r;

	((struct nlmsghdr *) q->bytes)->nlmsg_flags |= NLM_F_DUMP;
	r = send_question(s, q);
	while (r == 0) {
		r = receive(s);
		if (r >= 0)
			r = take_messages(s, (size_t) r, take, data);
	}
	return r < 0 ? r : 0;
}

static void keep_message(const struct nlmsghdr *message, void *data)
{
	*(const struct nlmsghdr **) data = message;
}

int route_socket_ask(struct route_socket *s, struct route_question *q,
		     const struct nlmsghdr **answer)
{
	const struct nlmsghdr *kept = NULL;
	int r = send_question(s, q);

	while (r == 0) {
		r = receive(s);
		if (r >= 0)
			r = take_messages(s, (size_t) r, keep_message, &kept);
	}
	if (r < 0)
		return r;
	if (answer) {
		if (!kept)
			return -EBADMSG;
		*answer = kept;
	}
	return 0;
}

static const struct rtattr *find_attribute(const struct rtattr *attribute, int size, uint16_t type)
{
	for (; RTA_OK(attribute, size); attribute = RTA_NEXT(attribute, size))
		if ((attribute->rta_type & NLA_TYPE_MASK) == type)
			return attribute;
	return NULL;
}

static const struct rtattr *find_in_message(const struct nlmsghdr *message, size_t header_size,
					    uint16_t type)
{
	size_t before = NLMSG_SPACE(header_size);

	if (message->nlmsg_len < before)
		return NULL;
	return find_attribute((const struct rtattr *) ((const uint8_t *) message + before),
			      (int) (message->nlmsg_len - before), type);
}

static const void *value_of(const struct rtattr *attribute, size_t size)
{
	return attribute && RTA_PAYLOAD(attribute) >= size ? RTA_DATA(attribute) : NULL;
}

const void *route_attribute(const struct nlmsghdr *message, size_t header_size, uint16_t type,
			    size_t size)
{
	return value_of(find_in_message(message, header_size, type), size);
}

const void *route_attribute_inside(const struct nlmsghdr *message, size_t header_size,
				   uint16_t outer, uint16_t type, size_t size)
{
	const struct rtattr *attribute = find_in_message(message, header_size, outer);

	if (!attribute)
		return NULL;
	return value_of(find_attribute(RTA_DATA(attribute), (int) RTA_PAYLOAD(attribute), type),
			size);
}
