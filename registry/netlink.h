/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rtnetlink(7) through libmnl: asking a network namespace, and being told of
 * its changes. Part of the writing half.
 */
#pragma once

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/* A socket, and the number of the last request on it. All zero: not open. */
struct netlink {
	struct mnl_socket *socket;
	uint32_t sequence;
};

/* Gets each message of an answer. MNL_CB_OK, _STOP, or _ERROR with errno. */
typedef int netlink_parser(const struct nlmsghdr *message, void *into);

/* In the calling thread's network namespace. 0 or a negative errno. */
int netlink_open(struct netlink *netlink);

/* Does nothing to one that isn't open. */
void netlink_close(struct netlink *netlink);

/*
 * Send a request, and give each message of the answer to `parse`. 0; -EINTR if
 * a change has disturbed the answer; or another negative errno.
 */
int netlink_request(struct netlink *netlink, struct nlmsghdr *message, netlink_parser *parse,
		    void *into);

/*
 * Ask for all objects of a kind, as RTM_GETLINK, of one family or AF_UNSPEC. A
 * dump that a change disturbs is asked for again, after `restart`. 0 or a
 * negative errno.
 */
int netlink_dump(struct netlink *netlink, uint16_t type, uint8_t family, netlink_parser *parse,
		 void restart(void *into), void *into);

/*
 * Run `open` in the network namespace of a process, given by its pidfd, and be
 * back: a socket belongs to the namespace that it was made in. `home` is the
 * caller's own, open. What `open` returned; -ENOTRECOVERABLE where the calling
 * thread could not get back; or another negative errno.
 */
int netlink_inside(int pidfd, int home, int open(void *into), void *into);

/*
 * Read all that such a socket, as below, has to say, and give each message to
 * `take`, which may be NULL. 0, or -ENOBUFS if some were lost.
 */
int netlink_drain(int fd, void take(const struct nlmsghdr *message, void *into), void *into);

/*
 * A new socket that is told of changes of these groups, RTNLGRP_*, in the
 * calling thread's network namespace: it doesn't block, and is the caller's.
 * A negative errno on failure.
 */
int netlink_listen(const unsigned int *groups, size_t count);
