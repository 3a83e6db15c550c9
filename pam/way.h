/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way by which the host would answer an address: the interface of its route
 * and, if that is a bridge, the port behind which the bridge has the neighbour.
 * The host's kernel is asked. The addresses that a machine configures don't
 * matter.
 */
#pragma once

#include "registry/address.h"

#include <linux/netlink.h>

/* The longest way: bridges, VLANs, pairs. */
#define WAY_LINKS_MAX 16

enum way_end {
	WAY_LOCAL,    /* this host has the address itself */
	WAY_OUTSIDE,  /* to other hosts, by the default route's gateway, or by no route at all */
	WAY_TO_OTHER, /* into another network namespace of this host */
};

struct way {
	enum way_end end;
	uint32_t interfaces
		[WAY_LINKS_MAX]; /* indexes of the interfaces on the way, without bridges */
	size_t n_interfaces;
};

/*
 * Find the way to an address. If its host_interface isn't 0, the way goes out by
 * it. 0; -ENETUNREACH if a route refuses; -EHOSTUNREACH if a bridge doesn't know
 * where the neighbour is; -EOPNOTSUPP if an interface doesn't tell where it leads;
 * -ETIMEDOUT; or another negative errno.
 */
int way_find(const struct machine_address *address, struct way *way);

/*
 * Whether the way ends at the interface that leads to the default route's gateway.
 * If this host is a container, that is one end of a pair, too. False if it can't
 * be determined.
 */
bool way_is_by_uplink(const struct way *way, int family);

/* A network interface, as the kernel describes it. */
struct way_link {
	uint32_t index;
	char kind[16];		 /* "veth", "bridge", ...; "" for hardware */
	uint32_t lower;		 /* the other end of a pair, or the interface below a VLAN; or 0 */
	bool lower_is_elsewhere; /* the lower interface is in another network namespace */
	uint32_t master;	 /* the bridge or bond that it is a port of, or 0 */
};

/* The role of an interface on a way. */
enum link_role {
	LINK_OUTSIDE, /* other hosts are behind it */
	LINK_BRIDGE,
	LINK_PAIR, /* its other end is an interface, too */
	LINK_VLAN, /* of another interface */
	LINK_UNCLEAR,
};

/* Parse an RTM_NEWLINK message. 0 or -EBADMSG. */
int way_link_parse(const struct nlmsghdr *message, struct way_link *link);

enum link_role way_link_role(const struct way_link *link);
