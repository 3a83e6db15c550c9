/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/netlink.h"

#include "registry/cleanup.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/socket.h>

/* The kernel's advice for dumps: Documentation/userspace-api/netlink/intro.rst, "Buffer sizing". */
#define BUFFER_SIZE 32768

/* A dump that was disturbed by a change is asked for again, so often. */
#define DUMP_TRIES 10

void netlink_close(struct netlink *netlink)
{
	if (netlink->socket)
		mnl_socket_close(netlink->socket);
	netlink->socket = NULL;
}

int netlink_open(struct netlink *netlink)
{
	netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!netlink->socket)
		return -errno;
	return mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
}

int netlink_inside(int pidfd, int home, int open(void *into), void *into)
{
	int r;

	if (setns(pidfd, CLONE_NEWNET) < 0)
		return -errno;
	r = open(into);
	return setns(home, CLONE_NEWNET) < 0 ? -ENOTRECOVERABLE : r;
}

/*
 * libmnl would end at the first message of a dump that a change has disturbed;
 * but the next request would be refused, EBUSY, until the kernel is through with it.
 */
static bool take_disturbance(struct nlmsghdr *message, int left)
{
	bool is_disturbed = false;

	for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		is_disturbed |= message->nlmsg_flags & NLM_F_DUMP_INTR;
		message->nlmsg_flags &= (uint16_t) ~NLM_F_DUMP_INTR;
	}
	return is_disturbed;
}

int netlink_request(struct netlink *netlink, struct nlmsghdr *message, netlink_parser *parse,
		    void *into)
{
	union {
		struct nlmsghdr header;
		char bytes[BUFFER_SIZE];
	} answer;
	bool is_disturbed = false;
	int r = MNL_CB_OK;

	message->nlmsg_seq = ++netlink->sequence;
	if (mnl_socket_sendto(netlink->socket, message, message->nlmsg_len) < 0)
		return -errno;
	while (r > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(netlink->socket, &answer, sizeof answer);

		if (n < 0)
			return -errno;
		is_disturbed |= take_disturbance(&answer.header, (int) n);
		r = mnl_cb_run(&answer, (size_t) n, netlink->sequence,
			       mnl_socket_get_portid(netlink->socket), parse, into);
	}
	return r < 0 ? -errno : is_disturbed ? -EINTR : 0;
}

static int dump_once(struct netlink *netlink, uint16_t type, uint8_t family, netlink_parser *parse,
		     void *into)
{
	/* The largest of the headers that a request may have: all begin with the family. */
	char buffer[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct ifinfomsg))] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	size_t size = type == RTM_GETLINK    ? sizeof(struct ifinfomsg)
		      : type == RTM_GETNEIGH ? sizeof(struct ndmsg)
					     : sizeof(struct ifaddrmsg);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	*(uint8_t *) mnl_nlmsg_put_extra_header(message, size) = family;
	return netlink_request(netlink, message, parse, into);
}

int netlink_dump(struct netlink *netlink, uint16_t type, uint8_t family, netlink_parser *parse,
		 void restart(void *into), void *into)
{
	int r = 0;

	for (int i = 0; i < DUMP_TRIES; i++) {
		restart(into);
		r = dump_once(netlink, type, family, parse, into);
		if (r != -EINTR)
			break;
	}
	return r;
}

int netlink_listen(const unsigned int *groups, size_t count)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	CLEANUP_CLOSE int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int taken;

	if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof address) < 0)
		return -errno;
	for (size_t i = 0; i < count; i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof groups[i]) < 0)
			return -errno;
	taken = fd;
	fd = -1;
	return taken;
}

int netlink_drain(int fd, void take(const struct nlmsghdr *message, void *into), void *into)
{
	union {
		struct nlmsghdr header;
		char bytes[BUFFER_SIZE];
	} buffer;
	int r = 0;

	for (;;) {
		ssize_t n = recv(fd, &buffer, sizeof buffer, MSG_DONTWAIT);
		int left = (int) n;

		if (n < 0 && errno == ENOBUFS)
			r = -ENOBUFS;
		else if (n <= 0)
			return r;
		for (const struct nlmsghdr *message = &buffer.header;
		     take && n > 0 && mnl_nlmsg_ok(message, left);
		     message = mnl_nlmsg_next(message, &left))
			take(message, into);
	}
}
