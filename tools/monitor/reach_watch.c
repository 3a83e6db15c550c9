/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/reach_watch.h"

#include "base/arena.h"
#include "base/array_size.h"
#include "base/cleanup.h"
#include "host/neighbour.h"
#include "host/reach.h"
#include "host/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Hardware addresses that are remembered. Anybody on a bridge may have any number of them. */
#define PORTS_MAX 16384

/* At which port a bridge has seen a hardware address. Each bridge on its way sees it at one. */
struct seen_port {
	uint32_t bridge;
	struct hardware_address hardware;
	uint32_t port;
	bool has_aged; /* the bridge has forgotten it */
};

static int compare_ports(const void *left, const void *right)
{
	const struct seen_port *a = left, *b = right;

	if (a->bridge != b->bridge)
		return a->bridge < b->bridge ? -1 : 1;
	return memcmp(&a->hardware, &b->hardware, sizeof a->hardware);
}

static void forget_ports(struct reach_watch *r)
{
	tdestroy(r->ports, free);
	r->ports = NULL;
	r->n_ports = 0;
}

static struct seen_port *find_port(struct reach_watch *r, const struct forwarding *entry)
{
	const struct seen_port key = { .bridge = entry->bridge, .hardware = entry->hardware };
	struct seen_port **found = tfind(&key, &r->ports, compare_ports);

	return found ? *found : NULL;
}

static void add_port(struct reach_watch *r, const struct forwarding *entry)
{
	struct seen_port *seen;

	if (r->n_ports == PORTS_MAX)
		forget_ports(r);
	seen = malloc(sizeof *seen);
	if (!seen)
		arena_out_of_memory();
	*seen = (struct seen_port){ entry->bridge, entry->hardware, entry->port, false };
	if (!tsearch(seen, &r->ports, compare_ports))
		arena_out_of_memory();
	r->n_ports++;
}

static int learn_port(const struct nlmsghdr *message, void *into)
{
	struct forwarding entry;

	/* A bridge that keeps VLANs apart may have it in several. */
	if (forwarding_parse(message, &entry) == 0 && !entry.is_local && !find_port(into, &entry))
		add_port(into, &entry);
	return MNL_CB_OK;
}

static void begin_learning(void *into)
{
	forget_ports(into);
}

/* Addresses that bridges have learned before aren't changes, but their ports show later whether one moves. */
static int learn_ports(struct reach_watch *r)
{
	struct netlink host = { 0 };
	int result = netlink_open(&host);

	if (result == 0)
		result =
			netlink_dump(&host, RTM_GETNEIGH, AF_BRIDGE, learn_port, begin_learning, r);
	netlink_close(&host);
	return result;
}

int reach_watch_open(struct reach_watch *r, struct sources *sources)
{
	static const unsigned int groups[] = { RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
					       RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
					       RTNLGRP_NEIGH };
	int result = change_batch_open(&r->changes, sources, groups, ARRAY_SIZE(groups));

	if (result == 0)
		/* Without it, some moves are seen as first sights. */
		(void) !learn_ports(r);
	return result;
}

void reach_watch_close(struct reach_watch *r, struct sources *sources)
{
	change_batch_close(&r->changes, sources);
	forget_ports(r);
}

/* An entry of the host's for an address, and its place among those of the batch. */
struct seen_neighbour {
	struct neighbour neighbour;
	size_t order;
};

/*
 * What a batch of changes tells. The machines are searched once for all of it: anybody on a bridge
 * may cause thousands of changes.
 */
struct batch {
	struct arena arena;
	struct reach_watch *watch;
	struct watched *watched;
	struct seen_neighbour *neighbours;
	size_t n_neighbours;
	struct hardware_address *moved; /* behind another port */
	size_t n_moved;
	uint32_t *ports; /* where an address has come or gone */
	size_t n_ports;
};

static void batch_done(struct batch *batch)
{
	arena_done(&batch->arena);
}

static void add_changed_port(struct batch *batch, uint32_t port)
{
	/* Most follow each other. */
	if (batch->n_ports > 0 && batch->ports[batch->n_ports - 1] == port)
		return;
	batch->ports =
		arena_grow(&batch->arena, batch->ports, batch->n_ports, sizeof *batch->ports);
	batch->ports[batch->n_ports++] = port;
}

static void add_moved(struct batch *batch, const struct hardware_address *hardware)
{
	batch->moved =
		arena_grow(&batch->arena, batch->moved, batch->n_moved, sizeof *batch->moved);
	batch->moved[batch->n_moved++] = *hardware;
}

/* A hardware address that is seen for the first time, far from all machines, is nothing. */
static void take_forwarding(struct batch *batch, const struct nlmsghdr *message)
{
	struct reach_watch *r = batch->watch;
	struct forwarding entry;
	struct seen_port *seen;

	if (forwarding_parse(message, &entry) < 0 || entry.is_local)
		return;
	seen = find_port(r, &entry);
	if (message->nlmsg_type == RTM_DELNEIGH) {
		if (seen && seen->port == entry.port)
			seen->has_aged = true;
		return;
	}
	if (!seen)
		add_port(r, &entry);
	else if (seen->port == entry.port && !seen->has_aged)
		return;
	add_changed_port(batch, entry.port);
	if (!seen)
		return;
	if (seen->port != entry.port) {
		add_changed_port(batch, seen->port);
		add_moved(batch, &entry.hardware);
	}
	seen->port = entry.port;
	seen->has_aged = false;
}

/* An entry that ages, or goes, contradicts nothing. */
static void take_neighbour(struct batch *batch, const struct nlmsghdr *message)
{
	struct seen_neighbour seen = { .order = batch->n_neighbours };

	if (message->nlmsg_type != RTM_NEWNEIGH || neighbour_parse(message, &seen.neighbour) < 0 ||
	    !seen.neighbour.is_known)
		return;
	batch->neighbours = arena_grow(&batch->arena, batch->neighbours, batch->n_neighbours,
				       sizeof *batch->neighbours);
	batch->neighbours[batch->n_neighbours++] = seen;
}

/* Of a route message, which network it is for. */
struct network {
	uint8_t family;
	uint8_t length; /* of the prefix, in bits */
	const uint8_t *bytes;
};

static bool covers(const struct network *network, const struct watched_address *address)
{
	size_t whole = network->length / 8, rest = network->length % 8;

	if (address->family != network->family ||
	    memcmp(address->bytes, network->bytes, whole) != 0)
		return false;
	return rest == 0 || ((address->bytes[whole] ^ network->bytes[whole]) >> (8 - rest)) == 0;
}

/* 0, or -EBADMSG for a message that tells of none, or of one that decides about no address. */
static int parse_network(const struct nlmsghdr *message, struct network *network)
{
	const struct rtmsg *entry = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;

	if (mnl_nlmsg_get_payload_len(message) < sizeof *entry ||
	    reach_is_default(entry->rtm_family, entry->rtm_dst_len))
		return -EBADMSG;
	*network = (struct network){ .family = entry->rtm_family, .length = entry->rtm_dst_len };
	mnl_attr_for_each (attribute, message, sizeof *entry)
		if (mnl_attr_get_type(attribute) == RTA_DST &&
		    mnl_attr_get_payload_len(attribute) == address_length(entry->rtm_family))
			network->bytes = mnl_attr_get_payload(attribute);
	return network->bytes && network->length <= 8 * address_length(network->family) ? 0
											: -EBADMSG;
}

static void take_route(struct watched *w, const struct nlmsghdr *message)
{
	struct network network;

	if (parse_network(message, &network) < 0)
		return;
	for (size_t i = 0; i < w->count; i++) {
		struct watched_machine *m = w->machines[i];

		for (size_t j = 0; j < m->n_addresses; j++)
			if (covers(&network, &m->addresses[j])) {
				watched_note(w, m);
				break;
			}
	}
}

static void take_change(const struct nlmsghdr *message, void *into)
{
	struct batch *batch = into;

	switch (message->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE: take_route(batch->watched, message); break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		if (*(const uint8_t *) mnl_nlmsg_get_payload(message) == AF_BRIDGE)
			take_forwarding(batch, message);
		else
			take_neighbour(batch, message);
		break;
	/* Rules may send any packet elsewhere. */
	case RTM_NEWRULE:
	case RTM_DELRULE: watched_note_all(batch->watched); break;
	}
}

static int compare_indexes(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static int compare_hardware(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct hardware_address));
}

static int compare_to_address(const struct neighbour *n, uint8_t family, const uint8_t *bytes)
{
	return n->family != family ? (n->family < family ? -1 : 1)
				   : memcmp(n->bytes, bytes, sizeof n->bytes);
}

/* By address, and those of one address as they came. */
static int compare_neighbours(const void *left, const void *right)
{
	const struct seen_neighbour *a = left, *b = right;
	int r = compare_to_address(&a->neighbour, b->neighbour.family, b->neighbour.bytes);

	return r ? r : a->order < b->order ? -1 : a->order > b->order;
}

static void sort(void *items, size_t count, size_t size, int compare(const void *, const void *))
{
	if (count > 1)
		qsort(items, count, size, compare);
}

static bool has_item(const void *key, const void *items, size_t count, size_t size,
		     int compare(const void *, const void *))
{
	return count > 0 && bsearch(key, items, count, size, compare);
}

/* The first neighbour that isn't before this address. */
static size_t find_neighbour(const struct batch *batch, const struct watched_address *address)
{
	size_t from = 0, to = batch->n_neighbours;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (compare_to_address(&batch->neighbours[middle].neighbour, address->family,
				       address->bytes) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Whether the host has seen the address at another hardware address, which is remembered. */
static bool update_neighbour(const struct batch *batch, struct watched_address *address)
{
	bool has_changed = false;

	for (size_t i = find_neighbour(batch, address); i < batch->n_neighbours; i++) {
		const struct neighbour *n = &batch->neighbours[i].neighbour;

		if (compare_to_address(n, address->family, address->bytes) != 0)
			break;
		has_changed |= memcmp(address->neighbour, &n->hardware, sizeof n->hardware) != 0;
		memcpy(address->neighbour, &n->hardware, sizeof n->hardware);
	}
	return has_changed;
}

static bool is_concerned(const struct batch *batch, struct watched_machine *m)
{
	bool is_concerned = false;

	for (size_t i = 0; i < m->n_interfaces && !is_concerned; i++)
		is_concerned = has_item(&m->interfaces[i], batch->ports, batch->n_ports,
					sizeof *batch->ports, compare_indexes);
	for (size_t i = 0; i < m->n_addresses; i++) {
		struct watched_address *address = &m->addresses[i];

		/* The machine of a moved hardware address may be behind another bridge. */
		is_concerned |= has_item(address->neighbour, batch->moved, batch->n_moved,
					 sizeof *batch->moved, compare_hardware);
		is_concerned |= update_neighbour(batch, address);
	}
	return is_concerned;
}

static void note_concerned(struct batch *batch)
{
	struct watched *w = batch->watched;

	if (batch->n_ports + batch->n_moved + batch->n_neighbours == 0)
		return;
	sort(batch->ports, batch->n_ports, sizeof *batch->ports, compare_indexes);
	sort(batch->moved, batch->n_moved, sizeof *batch->moved, compare_hardware);
	sort(batch->neighbours, batch->n_neighbours, sizeof *batch->neighbours, compare_neighbours);
	for (size_t i = 0; i < w->count; i++)
		if (is_concerned(batch, w->machines[i]))
			watched_note(w, w->machines[i]);
}

void reach_watch_take_event(struct reach_watch *r, struct watched *w, const struct source *source)
{
	CLEANUP(batch_done) struct batch batch = { .watch = r, .watched = w };

	/* Those that were lost may concern any machine. */
	if (change_batch_read(&r->changes, source, take_change, &batch) < 0)
		watched_note_all(w);
	note_concerned(&batch);
	change_batch_end(&r->changes, &w->sources);
}
