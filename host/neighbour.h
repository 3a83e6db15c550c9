/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's neighbours, ip-neighbour(8), and what its bridges know of their
 * ports, bridge(8): by the same messages of rtnetlink(7).
 */
#pragma once

#include "host/host_link.h"

struct neighbour {
	uint8_t family;
	uint8_t bytes[16]; /* as in struct machine_address */
	uint32_t interface;
	bool is_known;	   /* it has answered: `hardware` is good, maybe old */
	bool is_asked;	   /* and the kernel waits for its answer, or is about to ask */
	bool is_permanent; /* somebody has configured it */
	struct hardware_address hardware;
};

/* An entry of a bridge's forwarding database. */
struct forwarding {
	uint32_t bridge; /* index, or 0 in an entry of something else than a bridge */
	uint32_t port;	 /* index of the port, or of the bridge itself */
	bool is_local;	 /* the hardware address is that of the port or bridge itself */
	struct hardware_address hardware;
};

bool hardware_address_equal(const struct hardware_address *a, const struct hardware_address *b);

/* Read an RTM_NEWNEIGH message of IPv4 or IPv6. 0, or -EBADMSG for any other. */
int neighbour_parse(const struct nlmsghdr *message, struct neighbour *neighbour);

/* Read one of AF_BRIDGE. 0, or -EBADMSG for any other. */
int forwarding_parse(const struct nlmsghdr *message, struct forwarding *forwarding);

/* Ask for one entry. 0, -ENOENT if there is none, or another negative errno. */
int neighbour_read(struct netlink *host, uint32_t interface, int family, const uint8_t *bytes,
		   struct neighbour *neighbour);

/* The same. A `vlan` of 0 is none: where the bridge does not filter VLANs. */
int forwarding_read(struct netlink *host, uint32_t bridge, uint16_t vlan,
		    const struct hardware_address *hardware, struct forwarding *forwarding);

/*
 * Have the kernel find out the hardware address of a neighbour, as if it had a
 * packet for it. Nothing but the kernel's own question is sent. It is not
 * waited for. With `again`, of one that is known: to see whether it still is
 * there. 0 or a negative errno: -EPERM without CAP_NET_ADMIN.
 */
int neighbour_ask(struct netlink *host, uint32_t interface, int family, const uint8_t *bytes,
		  bool again);
