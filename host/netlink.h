/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rtnetlink(7) through libmnl: questions to a network namespace, and its changes. */
#pragma once

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/* A socket and the number of its last request. All zero means not open. */
struct netlink {
	struct mnl_socket *socket;
	uint32_t sequence;
};

/*
 * Called for each message of an answer. Returns MNL_CB_OK, MNL_CB_STOP, or
 * MNL_CB_ERROR with errno.
 */
typedef int netlink_parser(const struct nlmsghdr *message, void *into);

/* Open a socket in the calling thread's network namespace. 0 or a negative errno. */
int netlink_open(struct netlink *netlink);

/* Does nothing if it isn't open. */
void netlink_close(struct netlink *netlink);

/*
 * Send a request, and pass each message of the answer to `parse`. 0; -EINTR if a
 * change has disturbed the answer; or another negative errno.
 */
int netlink_request(struct netlink *netlink, struct nlmsghdr *message, netlink_parser *parse,
		    void *into);

/*
 * Ask for all objects of a kind, such as RTM_GETLINK, of a family or AF_UNSPEC. If
 * a change disturbs the dump, it is repeated after `restart`. 0 or a negative
 * errno.
 */
int netlink_dump(struct netlink *netlink, uint16_t type, uint8_t family, netlink_parser *parse,
		 void restart(void *into), void *into);

/*
 * Call `open` in the network namespace of a process, given by its pidfd, and
 * return to `home`, a descriptor of the caller's own. A socket belongs to the
 * namespace in which it was opened. Returns the result of `open`; -ENOTRECOVERABLE
 * if the calling thread could not return; or another negative errno.
 */
int netlink_inside(int pidfd, int home, int open(void *into), void *into);

/* A descriptor of the network namespace that the calling thread is in, or a negative errno. */
int network_open_home(void);

/*
 * Read changes from a socket of netlink_listen(), and pass each to `take`, which may
 * be NULL. If more than some thousand wait there, the socket stays readable. 1; 0 if
 * there was none; or -ENOBUFS if some were lost.
 */
int netlink_drain(int fd, void take(const struct nlmsghdr *message, void *into), void *into);

/*
 * Open a socket for the changes of groups, RTNLGRP_*, in the calling thread's
 * network namespace. It doesn't block. The caller closes it. A negative errno on
 * failure.
 */
int netlink_listen(const unsigned int *groups, size_t count);
