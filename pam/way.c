/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pam/way.h"

#include "base/array_size.h"
#include "base/cleanup.h"
#include "pam/route_socket.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>

/* Time for all questions of one login. */
#define DEADLINE_MILLISECONDS 1000

/* Time for a neighbour to answer the kernel. */
#define ANSWER_TRIES	    30
#define ANSWER_MILLISECONDS 10

#define HARDWARE_SIZE 6

struct hop {
	uint8_t family;
	uint8_t bytes[16];
};

struct route {
	uint8_t type;	       /* RTN_* */
	uint8_t prefix_length; /* prefix length of the matching route */
	uint32_t interface;
	struct hop next; /* the gateway, or the address itself */
	bool has_gateway;
};

int way_link_parse(const struct nlmsghdr *message, struct way_link *link)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	const uint32_t *lower, *master;
	const char *kind;

	if (message->nlmsg_type != RTM_NEWLINK || message->nlmsg_len < NLMSG_LENGTH(sizeof *info))
		return -EBADMSG;
	*link = (struct way_link){ .index = (uint32_t) info->ifi_index };
	lower = route_attribute(message, sizeof *info, IFLA_LINK, sizeof *lower);
	master = route_attribute(message, sizeof *info, IFLA_MASTER, sizeof *master);
	kind = route_attribute_inside(message, sizeof *info, IFLA_LINKINFO, IFLA_INFO_KIND, 1);
	if (kind)
		strncpy(link->kind, kind, sizeof link->kind - 1);
	link->lower = lower ? *lower : 0;
	link->master = master ? *master : 0;
	link->lower_is_elsewhere =
		route_attribute(message, sizeof *info, IFLA_LINK_NETNSID, sizeof(int32_t));
	return 0;
}

enum link_role way_link_role(const struct way_link *link)
{
	/*
	 * macvlan and ipvlan are missing: the host and a machine reach each other through
	 * them past all bridges. Kinds that aren't listed may lead to anybody.
	 */
	static const struct {
		const char *kind;
		enum link_role role;
	} roles[] = {
		{ "", LINK_OUTSIDE },	       { "bridge", LINK_BRIDGE },
		{ "veth", LINK_PAIR },	       { "netkit", LINK_PAIR },
		{ "vlan", LINK_VLAN },	       { "macsec", LINK_VLAN },
		{ "bond", LINK_OUTSIDE },      { "team", LINK_OUTSIDE },
		{ "tun", LINK_OUTSIDE },       { "wireguard", LINK_OUTSIDE },
		{ "dummy", LINK_OUTSIDE },     { "vxlan", LINK_OUTSIDE },
		{ "geneve", LINK_OUTSIDE },    { "gre", LINK_OUTSIDE },
		{ "gretap", LINK_OUTSIDE },    { "ip6gre", LINK_OUTSIDE },
		{ "ip6gretap", LINK_OUTSIDE }, { "ipip", LINK_OUTSIDE },
		{ "ip6tnl", LINK_OUTSIDE },    { "sit", LINK_OUTSIDE },
		{ "vti", LINK_OUTSIDE },       { "vti6", LINK_OUTSIDE },
		{ "xfrm", LINK_OUTSIDE },      { "ppp", LINK_OUTSIDE },
		{ "wwan", LINK_OUTSIDE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (strcmp(roles[i].kind, link->kind) == 0)
			return roles[i].role;
	return LINK_UNCLEAR;
}

static int read_link(struct route_socket *s, uint32_t index, struct way_link *link)
{
	const struct ifinfomsg info = { .ifi_index = (int) index };
	const uint32_t mask = RTEXT_FILTER_SKIP_STATS;
	const struct nlmsghdr *answer;
	struct route_question q;
	int r;

	route_question_begin(&q, RTM_GETLINK, 0, &info, sizeof info);
	route_question_add(&q, IFLA_EXT_MASK, &mask, sizeof mask);
	r = route_socket_ask(s, &q, &answer);
	return r < 0 ? r : way_link_parse(answer, link);
}

/* The gateway is in RTA_GATEWAY, or in RTA_VIA if its family is another one than the route's. */
static void take_gateway(const struct nlmsghdr *answer, struct route *route)
{
	const struct rtmsg *header = NLMSG_DATA(answer);
	size_t size = address_length(header->rtm_family);
	const void *gateway = route_attribute(answer, sizeof *header, RTA_GATEWAY, size);
	const struct rtvia *via = route_attribute(answer, sizeof *header, RTA_VIA,
						  sizeof *via + address_length(AF_INET6));

	if (!gateway && via) {
		route->next.family = (uint8_t) via->rtvia_family;
		gateway = via->rtvia_addr;
	}
	if (!gateway)
		return;
	route->has_gateway = true;
	memset(route->next.bytes, 0, sizeof route->next.bytes);
	memcpy(route->next.bytes, gateway, address_length(route->next.family));
}

static int ask_route(struct route_socket *s, const struct machine_address *address,
		     unsigned int flags, const struct nlmsghdr **answer)
{
	size_t size = address_length(address->family);
	const struct rtmsg header = { .rtm_family = address->family,
				      .rtm_dst_len = (uint8_t) (8 * size),
				      .rtm_flags = flags };
	uint32_t interface = address->host_interface;
	struct route_question q;
	int r;

	route_question_begin(&q, RTM_GETROUTE, 0, &header, sizeof header);
	route_question_add(&q, RTA_DST, address->bytes, size);
	if (interface)
		route_question_add(&q, RTA_OIF, &interface, sizeof interface);
	r = route_socket_ask(s, &q, answer);
	if (r == 0 && (*answer)->nlmsg_len < NLMSG_LENGTH(sizeof header))
		r = -EBADMSG;
	return r;
}

static int read_route(struct route_socket *s, const struct machine_address *address,
		      struct route *route)
{
	const struct nlmsghdr *answer;
	const uint32_t *interface;
	int r = ask_route(s, address, 0, &answer);

	if (r < 0)
		return r;
	*route = (struct route){ .type = ((const struct rtmsg *) NLMSG_DATA(answer))->rtm_type,
				 .next.family = address->family };
	memcpy(route->next.bytes, address->bytes, sizeof route->next.bytes);
	interface = route_attribute(answer, sizeof(struct rtmsg), RTA_OIF, sizeof *interface);
	route->interface = interface ? *interface : 0;
	take_gateway(answer, route);
	/* Ask again for the route as configured. The answer above is about the single address. */
	r = ask_route(s, address, RTM_F_FIB_MATCH, &answer);
	if (r == 0)
		route->prefix_length = ((const struct rtmsg *) NLMSG_DATA(answer))->rtm_dst_len;
	return r;
}

static int read_neighbour(struct route_socket *s, uint32_t interface, const struct hop *hop,
			  uint8_t hardware[static HARDWARE_SIZE])
{
	static const uint16_t valid =
		NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
	const struct ndmsg header = { .ndm_family = hop->family, .ndm_ifindex = (int) interface };
	const struct nlmsghdr *answer;
	struct route_question q;
	const void *found;
	int r;

	route_question_begin(&q, RTM_GETNEIGH, 0, &header, sizeof header);
	route_question_add(&q, NDA_DST, hop->bytes, address_length(hop->family));
	r = route_socket_ask(s, &q, &answer);
	if (r < 0)
		return r;
	found = route_attribute(answer, sizeof header, NDA_LLADDR, HARDWARE_SIZE);
	if (!found || !(((const struct ndmsg *) NLMSG_DATA(answer))->ndm_state & valid))
		return -ENOENT;
	memcpy(hardware, found, HARDWARE_SIZE);
	return 0;
}

/*
 * Make the kernel ask for the neighbour, as it does before sending a packet.
 * Without privilege nothing happens.
 */
static void solicit_neighbour(struct route_socket *s, uint32_t interface, const struct hop *hop)
{
	const struct ndmsg header = { .ndm_family = hop->family,
				      .ndm_ifindex = (int) interface,
				      .ndm_flags = NTF_USE };
	struct route_question q;

	route_question_begin(&q, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_ACK, &header, sizeof header);
	route_question_add(&q, NDA_DST, hop->bytes, address_length(hop->family));
	route_socket_ask(s, &q, NULL);
}

/* The entries of a bridge for a hardware address: one for each VLAN. */
struct forwarding_search {
	uint32_t bridge;
	const uint8_t *hardware;
	uint32_t port;
	bool is_unclear; /* there are several ports, or it is the bridge's own address */
};

static void take_forwarding(const struct nlmsghdr *message, void *data)
{
	const struct ndmsg *entry = NLMSG_DATA(message);
	struct forwarding_search *search = data;
	const uint32_t *bridge;
	const void *hardware;

	if (message->nlmsg_type != RTM_NEWNEIGH || message->nlmsg_len < NLMSG_LENGTH(sizeof *entry))
		return;
	/* Entries without a bridge are an interface's own address list. */
	bridge = route_attribute(message, sizeof *entry, NDA_MASTER, sizeof *bridge);
	hardware = route_attribute(message, sizeof *entry, NDA_LLADDR, HARDWARE_SIZE);
	if (!bridge || *bridge != search->bridge || !hardware ||
	    memcmp(hardware, search->hardware, HARDWARE_SIZE) != 0)
		return;
	search->is_unclear |= (search->port && search->port != (uint32_t) entry->ndm_ifindex) ||
			      entry->ndm_state & NUD_PERMANENT;
	search->port = (uint32_t) entry->ndm_ifindex;
}

static int read_forwarding(struct route_socket *s, uint32_t bridge,
			   const uint8_t hardware[static HARDWARE_SIZE], uint32_t *port)
{
	/* The header that iproute2 uses. With struct ndmsg, the kernel ignores the filter. */
	const struct ifinfomsg header = { .ifi_family = AF_BRIDGE };
	struct forwarding_search search = { .bridge = bridge, .hardware = hardware };
	struct route_question q;
	int r;

	route_question_begin(&q, RTM_GETNEIGH, 0, &header, sizeof header);
	route_question_add(&q, IFLA_MASTER, &bridge, sizeof bridge);
	r = route_socket_dump(s, &q, take_forwarding, &search);
	if (r < 0)
		return r;
	if (!search.port || search.is_unclear || search.port == bridge)
		return -ENOENT;
	*port = search.port;
	return 0;
}

/* Find the port of a bridge behind which the next hop is, a neighbour on `interface`. */
static int find_port(struct route_socket *s, uint32_t bridge, uint32_t interface,
		     const struct hop *hop, uint32_t *port)
{
	for (int i = 0; i < ANSWER_TRIES; i++) {
		uint8_t hardware[HARDWARE_SIZE];
		int r = read_neighbour(s, interface, hop, hardware);

		if (r == 0)
			r = read_forwarding(s, bridge, hardware, port);
		if (r != -ENOENT)
			return r;
		/* Both entries expire. The neighbour's answer renews them. */
		if (i == 0)
			solicit_neighbour(s, interface, hop);
		poll(NULL, 0, ANSWER_MILLISECONDS);
	}
	return -EHOSTUNREACH;
}

/* Find the next interface on the way. 1 if there is one, 0 at the end, or a negative errno. */
static int go_on(struct route_socket *s, const struct route *route, const struct way_link *link,
		 struct way *way, uint32_t *next)
{
	int r;

	switch (way_link_role(link)) {
	case LINK_OUTSIDE: way->end = WAY_OUTSIDE; return 0;
	case LINK_BRIDGE:
		r = find_port(s, link->index, route->interface, &route->next, next);
		return r < 0 ? r : 1;
	case LINK_PAIR:
	case LINK_VLAN:
		way->end = WAY_TO_OTHER;
		*next = link->lower;
		return link->lower_is_elsewhere ? 0 : link->lower ? 1 : -EOPNOTSUPP;
	case LINK_UNCLEAR: break;
	}
	return -EOPNOTSUPP;
}

/*
 * Follow the way from an interface on. If the other end of a pair is in this
 * namespace, the way continues at the bridge that it is a port of.
 */
static int follow(struct route_socket *s, const struct route *route, struct way *way,
		  bool *has_bridge)
{
	uint32_t next = route->interface, before = 0;

	for (size_t i = 0; i < WAY_LINKS_MAX; i++) {
		struct way_link link;
		int r = read_link(s, next, &link);

		if (r < 0)
			return r;
		if (way_link_role(&link) == LINK_PAIR && !link.lower_is_elsewhere &&
		    link.lower == before) {
			before = link.index;
			next = link.master;
			if (!next)
				return -EOPNOTSUPP;
			continue;
		}
		before = link.index;
		if (way_link_role(&link) == LINK_BRIDGE)
			*has_bridge = true;
		else
			way->interfaces[way->n_interfaces++] = link.index;
		r = go_on(s, route, &link, way, &next);
		if (r <= 0)
			return r;
	}
	return -ELOOP;
}

/* VPNs add two halves of a default route, so that the original one can stay. */
static bool is_default(const struct route *route, int family)
{
	return route->prefix_length <= (family == AF_INET ? 1 : 3);
}

static int find_way(struct route_socket *s, const struct machine_address *address, struct way *way)
{
	struct route route;
	bool has_bridge = false;
	int r = read_route(s, address, &route);

	/* No machine of this host is behind an address without a route. */
	if (r == -ENETUNREACH) {
		way->end = WAY_OUTSIDE;
		return 0;
	}
	/* The route is unreachable, prohibit or blackhole. */
	if (r == -EHOSTUNREACH || r == -EACCES || r == -EINVAL)
		return -ENETUNREACH;
	if (r < 0)
		return r;
	if (route.type == RTN_LOCAL) {
		way->end = WAY_LOCAL;
		return 0;
	}
	if (route.type != RTN_UNICAST || !route.interface)
		return -ENETUNREACH;
	/* The gateway of the default route isn't the source of everybody else's logins. */
	if (is_default(&route, address->family) && route.has_gateway) {
		way->end = WAY_OUTSIDE;
		return 0;
	}
	r = follow(s, &route, way, &has_bridge);
	if (r == 0 && is_default(&route, address->family) && !has_bridge)
		*way = (struct way){ .end = WAY_OUTSIDE };
	return r;
}

int way_find(const struct machine_address *address, struct way *way)
{
	CLEANUP(route_socket_close) struct route_socket s = { .fd = -1 };
	int r = route_socket_open(&s, DEADLINE_MILLISECONDS);

	*way = (struct way){ 0 };
	return r < 0 ? r : find_way(&s, address, way);
}

bool way_is_by_uplink(const struct way *way, int family)
{
	/* Addresses that nobody has and that no specific route covers: RFC 7600, RFC 6666. */
	static const struct machine_address anywhere[] = {
		{ .family = AF_INET, .bytes = { 192, 0, 0, 8 } },
		{ .family = AF_INET6, .bytes = { 0x01 } },
	};
	CLEANUP(route_socket_close) struct route_socket s = { .fd = -1 };
	struct way uplink = { 0 };
	bool has_bridge = false;
	struct route route;

	return route_socket_open(&s, DEADLINE_MILLISECONDS) == 0 &&
	       read_route(&s, &anywhere[family != AF_INET], &route) == 0 &&
	       route.type == RTN_UNICAST && route.has_gateway && is_default(&route, family) &&
	       follow(&s, &route, &uplink, &has_bridge) == 0 && uplink.n_interfaces > 0 &&
	       uplink.interfaces[uplink.n_interfaces - 1] == way->interfaces[way->n_interfaces - 1];
}
