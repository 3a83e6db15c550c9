/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the host's kernel would send a packet: ip-route(8), "route get fibmatch". */
#pragma once

#include "host/netlink.h"

#include <stdbool.h>

/* A route with more next hops than this is taken as one that leads nowhere. */
#define ROUTE_HOPS_MAX 8

struct route_hop {
	uint32_t interface;
	uint8_t gateway_family; /* of the gateway: AF_INET, AF_INET6, or 0 for none */
	uint8_t gateway[16];
};

struct route {
	bool is_unicast;       /* not to the host itself, to all, or to nobody */
	bool is_to_host;       /* the address is one of the host's own, or a broadcast address */
	uint8_t prefix_length; /* of what the route is for */
	size_t n_hops;
	struct route_hop hops[ROUTE_HOPS_MAX];
};

/* Read an RTM_NEWROUTE message. */
struct route route_parse(const struct nlmsghdr *message);

/*
 * Ask the caller's network namespace for the route that an address of this
 * family would take. 0; a negative errno if there is none, or another one.
 */
int route_read(struct netlink *host, int family, const uint8_t *bytes, struct route *route);
