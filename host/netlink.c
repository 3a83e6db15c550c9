/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/netlink.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/socket.h>

/* The kernel's advice for dumps: Documentation/userspace-api/netlink/intro.rst, "Buffer sizing". */
#define BUFFER_SIZE 32768

/* Buffer size for changes. */
#define DATAGRAMS 8

/*
 * So often a socket of changes is read in one call. Whoever causes the changes may do so faster
 * than they are taken.
 */
#define DRAIN_ROUNDS 256

/* Limit for repeating a dump that a change has disturbed. */
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

int network_open_home(void)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return home < 0 ? -errno : home;
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
 * libmnl stops at the first message of a disturbed dump. But until the dump is
 * complete, the kernel refuses the next request with EBUSY.
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
	/* The largest header of a request, and an attribute. All headers begin with the family. */
	char buffer[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct ifinfomsg)) + MNL_ATTR_HDRLEN +
		    MNL_ALIGN(sizeof(uint32_t))] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	size_t size = type == RTM_GETLINK    ? sizeof(struct ifinfomsg)
		      : type == RTM_GETNEIGH ? sizeof(struct ndmsg)
					     : sizeof(struct ifaddrmsg);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	*(uint8_t *) mnl_nlmsg_put_extra_header(message, size) = family;
	if (type == RTM_GETLINK)
		mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
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

/* bind(2) joins the first 32 groups at once: netlink(7). 0 for others. */
static uint32_t first_groups_bit(unsigned int group)
{
	return group <= 32 ? 1u << (group - 1) : 0;
}

int netlink_listen(const unsigned int *groups, size_t count)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	CLEANUP_CLOSE int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	int taken;

	for (size_t i = 0; i < count; i++)
		address.nl_groups |= first_groups_bit(groups[i]);
	if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof address) < 0)
		return -errno;
	for (size_t i = 0; i < count; i++)
		if (!first_groups_bit(groups[i]) &&
		    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof groups[i]) < 0)
			return -errno;
	taken = fd;
	fd = -1;
	return taken;
}

/* Buffer for one message. The kernel's messages about changes aren't larger. */
struct datagram {
	union {
		struct nlmsghdr header;
		char bytes[BUFFER_SIZE / DATAGRAMS];
	};
};

static void take_datagram(const struct datagram *datagram, size_t size,
			  void take(const struct nlmsghdr *message, void *into), void *into)
{
	int left = (int) size;

	for (const struct nlmsghdr *message = &datagram->header; mnl_nlmsg_ok(message, left);
	     message = mnl_nlmsg_next(message, &left))
		take(message, into);
}

int netlink_drain(int fd, void take(const struct nlmsghdr *message, void *into), void *into)
{
	struct datagram datagrams[DATAGRAMS];
	struct mmsghdr received[DATAGRAMS] = { 0 };
	struct iovec parts[DATAGRAMS];
	bool is_lost = false, is_any = false;

	for (size_t i = 0; i < DATAGRAMS; i++) {
		parts[i] = (struct iovec){ &datagrams[i], sizeof datagrams[i] };
		received[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
	for (int round = 0; round < DRAIN_ROUNDS; round++) {
		int n = recvmmsg(fd, received, DATAGRAMS, MSG_DONTWAIT, NULL);

		if (n == 0 || (n < 0 && errno != ENOBUFS))
			break;
		is_any = true;
		is_lost |= n < 0;
		for (int i = 0; i < n; i++)
			if (received[i].msg_hdr.msg_flags & MSG_TRUNC)
				is_lost = true;
			else if (take)
				take_datagram(&datagrams[i], received[i].msg_len, take, into);
	}
	return is_lost ? -ENOBUFS : is_any;
}
