/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/route.h"

#include "registry/address.h"

#include <linux/rtnetlink.h>
#include <string.h>

/* More than the route may have next hops. */
#define TOO_MANY (ROUTE_HOPS_MAX + 1)

static void set_gateway(struct route_hop *hop, int family, const void *bytes, size_t size)
{
	if (size == 0 || size != address_length(family))
		return;
	hop->gateway_family = (uint8_t) family;
	memcpy(hop->gateway, bytes, size);
}

/* RTA_VIA: a gateway of another family. */
static void set_via(struct route_hop *hop, const struct nlattr *attribute)
{
	const struct rtvia *via = mnl_attr_get_payload(attribute);
	size_t size = mnl_attr_get_payload_len(attribute);

	if (size >= sizeof *via)
		set_gateway(hop, via->rtvia_family, via->rtvia_addr, size - sizeof *via);
}

static void parse_hop_attribute(const struct nlattr *attribute, int family, struct route_hop *hop)
{
	switch (mnl_attr_get_type(attribute)) {
	case RTA_OIF: hop->interface = mnl_attr_get_u32(attribute); break;
	case RTA_VIA: set_via(hop, attribute); break;
	case RTA_GATEWAY:
		set_gateway(hop, family, mnl_attr_get_payload(attribute),
			    mnl_attr_get_payload_len(attribute));
		break;
	}
}

static void parse_hops(const struct nlattr *attribute, int family, struct route *route)
{
	const struct rtnexthop *at = mnl_attr_get_payload(attribute);
	int left = mnl_attr_get_payload_len(attribute);

	for (; RTNH_OK(at, left); left -= RTNH_ALIGN(at->rtnh_len), at = RTNH_NEXT(at)) {
		struct route_hop *hop = &route->hops[route->n_hops];
		const struct nlattr *attr;

		if (route->n_hops == ROUTE_HOPS_MAX) {
			route->n_hops = TOO_MANY;
			return;
		}
		*hop = (struct route_hop){ .interface = (uint32_t) at->rtnh_ifindex };
		mnl_attr_for_each_payload((void *) RTNH_DATA(at), at->rtnh_len - RTNH_LENGTH(0))
			parse_hop_attribute(attr, family, hop);
		route->n_hops++;
	}
}

struct route route_parse(const struct nlmsghdr *message)
{
	const struct rtmsg *entry = mnl_nlmsg_get_payload(message);
	struct route route = { 0 };
	struct route_hop only = { 0 };
	const struct nlattr *attribute;

	if (mnl_nlmsg_get_payload_len(message) < sizeof *entry)
		return route;
	route.is_unicast = entry->rtm_type == RTN_UNICAST;
	route.is_to_host = entry->rtm_type == RTN_LOCAL || entry->rtm_type == RTN_ANYCAST ||
			   entry->rtm_type == RTN_BROADCAST || entry->rtm_type == RTN_MULTICAST;
	route.prefix_length = entry->rtm_dst_len;
	mnl_attr_for_each (attribute, message, sizeof *entry)
		if (mnl_attr_get_type(attribute) == RTA_MULTIPATH)
			parse_hops(attribute, entry->rtm_family, &route);
		else
			parse_hop_attribute(attribute, entry->rtm_family, &only);
	if (route.n_hops == 0 && only.interface)
		route.hops[route.n_hops++] = only;
	/* Some of the ways are not known. */
	if (route.n_hops == TOO_MANY)
		route.n_hops = route.is_unicast = 0;
	return route;
}

static int take_route(const struct nlmsghdr *message, void *into)
{
	*(struct route *) into = route_parse(message);
	return MNL_CB_STOP;
}

int route_read(struct netlink *host, int family, const uint8_t *bytes, struct route *route)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct route found = { 0 };
	struct rtmsg *entry;
	int r;

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST;
	entry = mnl_nlmsg_put_extra_header(message, sizeof *entry);
	entry->rtm_family = (uint8_t) family;
	entry->rtm_dst_len = (uint8_t) (8 * address_length(family));
	/* The route as it is configured: what the kernel has made of it lacks its prefix. */
	entry->rtm_flags = RTM_F_LOOKUP_TABLE | RTM_F_FIB_MATCH;
	mnl_attr_put(message, RTA_DST, address_length(family), bytes);
	r = netlink_request(host, message, take_route, &found);
	if (r == 0)
		*route = found;
	return r;
}
