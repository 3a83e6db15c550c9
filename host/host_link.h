/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An interface of the host, as far as it matters for the way to a machine. */
#pragma once

#include "host/netlink.h"

#include <stdbool.h>
#include <stdint.h>

/* Of Ethernet. */
struct hardware_address {
	uint8_t bytes[6];
};

/* Parse "52:54:00:12:34:56". Text may follow. 0 or -EINVAL. */
int hardware_address_parse(const char *text, struct hardware_address *address);

/* The kinds of interfaces that are followed on the way to a machine. */
enum link_kind {
	LINK_OTHER, /* also a bond: it is not followed */
	LINK_BRIDGE,
	LINK_PAIR, /* veth(4), netkit: its peer may be a machine's */
	LINK_VLAN,
	LINK_TAP, /* of the kind tun: tun and tap interfaces */
};

struct host_link {
	uint32_t index;
	uint32_t stands_for; /* index of the bridge that it is a port of, or its own */
	enum link_kind kind;
	bool is_bridge_port;
	bool is_private; /* a tap or one of a pair: nobody but a machine is behind it */
	uint32_t master; /* index of the interface that it is a part of, or 0 */
	uint32_t lower;	 /* index of the peer of a pair, of the interface below a VLAN, or 0 */
	bool lower_is_elsewhere; /* in another network namespace */
	uint16_t vlan;		 /* id of a VLAN; of a bridge the one that is its own, or 0 */
	bool filters_vlans;	 /* a bridge that keeps VLANs apart */
	struct hardware_address address; /* all 0 if it has none of that kind */
};

/* Whether interfaces of this kind come in pairs: veth(4), netkit. */
bool link_kind_is_pair(const char *kind);

/* Read a message about an interface: RTM_NEWLINK, rtnetlink(7). */
struct host_link host_link_parse(const struct nlmsghdr *message);

/*
 * Ask the kernel about an interface of the caller's network namespace. 0, -ENODEV,
 * or another negative errno.
 */
int host_link_read(struct netlink *host, uint32_t index, struct host_link *link);

/*
 * Find the host's interface towards the machine: the bridge that an interface is a
 * port of, or the interface itself. Returns its index, or a negative errno.
 */
int host_interface_for(uint32_t index);
