/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/reach.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* VLANs and bridges one upon the other: deeper is a circle, or nobody's. */
#define DEPTH_MAX 8

/* The longest prefixes of default routes. */
#define DEFAULT_WIDTH_IPV4 7
#define DEFAULT_WIDTH_IPV6 15

enum way {
	WAY_ELSEWHERE,
	WAY_TO_MACHINE,
	WAY_UNKNOWN, /* it leads to a bridge that the machine is on; the rest isn't known */
};

/* One packet's way: to whom, out by which interface. */
struct packet {
	uint32_t interface;
	int family;
	const uint8_t *to;
	const struct neighbour *neighbour; /* once it was needed */
};

static bool is_end(const struct reach *reach, uint32_t index)
{
	for (size_t i = 0; i < reach->n_ends; i++)
		if (reach->ends[i] == index)
			return true;
	return false;
}

/* The bridge below an interface that leads to one: through a VLAN, or a pair of the host's own. */
static const struct host_link *bridge_below(struct reach *reach, const struct host_link *link)
{
	const struct host_link *lower = !link->lower || link->lower_is_elsewhere
						? NULL
						: host_view_link(reach->view, link->lower);

	if (!lower || link->kind == LINK_VLAN)
		return lower && lower->kind == LINK_BRIDGE ? lower : NULL;
	if (link->kind != LINK_PAIR || !lower->is_bridge_port)
		return NULL;
	return host_view_link(reach->view, lower->master);
}

/* Whether a port of the bridge leads to the machine, however many bridges lie between. */
static bool is_on_bridge(struct reach *reach, uint32_t bridge, int depth)
{
	const struct host_link *port, *below;

	for (size_t i = 0; i < reach->n_ends; i++) {
		port = host_view_link(reach->view, reach->ends[i]);
		if (port && port->is_bridge_port && port->master == bridge)
			return true;
	}
	if (depth == DEPTH_MAX)
		return false;
	for (size_t at = 0; (port = host_view_next_port(reach->view, bridge, &at));) {
		below = bridge_below(reach, port);
		if (below && below->index != bridge && is_on_bridge(reach, below->index, depth + 1))
			return true;
	}
	return false;
}

static enum way follow(struct reach *reach, struct packet *packet, const struct host_link *link,
		       uint16_t vlan, int depth);

/* A bridge passes on to the port at which it has seen the neighbour's hardware address. */
static enum way follow_bridge(struct reach *reach, struct packet *packet,
			      const struct host_link *bridge, uint16_t vlan, int depth)
{
	const struct forwarding *entry;
	const struct host_link *port;

	if (!packet->neighbour)
		packet->neighbour = host_view_neighbour(reach->view, packet->interface,
							packet->family, packet->to);
	if (!packet->neighbour || !packet->neighbour->is_known)
		return is_on_bridge(reach, bridge->index, 0) ? WAY_UNKNOWN : WAY_ELSEWHERE;
	/* A bridge that doesn't filter VLANs learns them all as none. */
	if (!bridge->filters_vlans || !vlan)
		vlan = bridge->filters_vlans ? bridge->vlan : 0;
	entry = host_view_forwarding(reach->view, bridge->index, vlan,
				     &packet->neighbour->hardware);
	if (!entry)
		return is_on_bridge(reach, bridge->index, 0) ? WAY_UNKNOWN : WAY_ELSEWHERE;
	if (entry->is_local || entry->port == bridge->index)
		return WAY_ELSEWHERE;
	port = host_view_link(reach->view, entry->port);
	return port ? follow(reach, packet, port, 0, depth + 1) : WAY_ELSEWHERE;
}

static enum way follow(struct reach *reach, struct packet *packet, const struct host_link *link,
		       uint16_t vlan, int depth)
{
	const struct host_link *next;

	if (is_end(reach, link->index))
		return WAY_TO_MACHINE;
	if (depth >= DEPTH_MAX)
		return WAY_ELSEWHERE;
	if (link->kind == LINK_BRIDGE)
		return follow_bridge(reach, packet, link, vlan, depth);
	if (link->kind == LINK_VLAN && link->lower && !link->lower_is_elsewhere) {
		next = host_view_link(reach->view, link->lower);
		return next ? follow(reach, packet, next, link->vlan, depth + 1) : WAY_ELSEWHERE;
	}
	next = bridge_below(reach, link);
	return next ? follow_bridge(reach, packet, next, vlan, depth + 1) : WAY_ELSEWHERE;
}

static enum way find_way(struct reach *reach, uint32_t interface, int family, const uint8_t *to)
{
	const struct host_link *link = host_view_link(reach->view, interface);
	struct packet packet = { interface, family, to, NULL };

	return link ? follow(reach, &packet, link, 0, 0) : WAY_ELSEWHERE;
}

static void note_question(struct reach *reach, uint32_t interface, int family, const uint8_t *to)
{
	if (reach->n_questions_max == 0)
		return;
	reach->n_questions_max--;
	host_view_question(reach->view, interface, family, to);
}

/* An address that the bridge itself is the way to, and that stands where the machine is on it. */
static bool is_of_subnet(const struct machine_link *link, uint32_t interface)
{
	return link && link->host_end && link->host_interface == interface;
}

static uint8_t judge_way(struct reach *reach, uint32_t interface, int family, const uint8_t *to,
			 bool is_of_subnet, bool was_routed)
{
	enum way way = find_way(reach, interface, family, to);

	if (way == WAY_TO_MACHINE || (way == WAY_UNKNOWN && was_routed))
		return ADDRESS_ROUTED;
	if (way == WAY_ELSEWHERE)
		return 0;
	note_question(reach, interface, family, to);
	return is_of_subnet ? ADDRESS_FORWARD_ONLY : 0;
}

bool reach_is_default(int family, uint8_t prefix_length)
{
	return prefix_length <= (family == AF_INET ? DEFAULT_WIDTH_IPV4 : DEFAULT_WIDTH_IPV6);
}

/* All ways of the route have to lead to the machine. */
static uint8_t judge_route(struct reach *reach, const struct route *route,
			   const struct machine_address *address, const struct machine_link *link,
			   bool was_routed)
{
	uint8_t standing = 0;

	if (!route->is_unicast || reach_is_default(address->family, route->prefix_length))
		return 0;
	for (size_t i = 0; i < route->n_hops; i++) {
		const struct route_hop *hop = &route->hops[i];
		uint8_t this =
			hop->gateway_family
				? judge_way(reach, hop->interface, hop->gateway_family,
					    hop->gateway, false, was_routed)
				: judge_way(reach, hop->interface, address->family, address->bytes,
					    is_of_subnet(link, hop->interface), was_routed);

		if (i > 0 && this != standing)
			return 0;
		standing = this;
	}
	return standing;
}

/* Routes say nothing of these: each interface has such addresses of its own. */
static uint8_t judge_link_local(struct reach *reach, const struct machine_address *address,
				const struct machine_link *link, bool was_routed)
{
	uint32_t interface = link ? link->host_interface : address->host_interface;

	return interface ? judge_way(reach, interface, address->family, address->bytes, true,
				     was_routed)
			 : 0;
}

/* IPv4 has no zones, so that the host needs a route to it as well. */
static bool is_on_the_way(const struct route *route, const struct machine_address *address,
			  const struct machine_link *link)
{
	uint32_t interface = link ? link->host_interface : address->host_interface;

	if (address_scope(address->family, address->bytes) != RT_SCOPE_LINK)
		return true;
	return route->n_hops == 1 && interface && route->hops[0].interface == interface;
}

uint8_t reach_judge(struct reach *reach, const struct machine_address *address,
		    const struct machine_link *link, bool was_routed)
{
	const struct route *route;
	uint8_t standing = 0;

	if (address_needs_interface(address)) {
		standing = judge_link_local(reach, address, link, was_routed);
		return standing || !link || !link->is_beside ? standing : ADDRESS_BESIDE;
	}
	route = host_view_route(reach->view, address->family, address->bytes);
	if (route && route->is_to_host)
		return 0;
	if (route && is_on_the_way(route, address, link))
		standing = judge_route(reach, route, address, link, was_routed);
	return standing || !link || !link->is_beside ? standing : ADDRESS_BESIDE;
}
