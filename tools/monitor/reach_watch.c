/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/reach_watch.h"

#include "base/arena.h"
#include "host/neighbour.h"
#include "host/reach.h"
#include "host/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* So much may wait for the monitor: some thousand changes. */
#define BUFFER_BYTES (8 * 1024 * 1024)

/* After some changes, the next ones are collected for so long, in nanoseconds. */
#define BATCH_TIME 20000000

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
	static const int bytes = BUFFER_BYTES;
	int timer,
		result = source_add_oneshot(sources, &r->changes,
					    netlink_listen(groups, sizeof groups / sizeof *groups));

	if (result < 0)
		return result;
	/* If that isn't permitted, changes are lost sooner, and then all machines are looked at. */
	setsockopt(r->changes.fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	result = source_add(sources, &r->batch, timer < 0 ? -errno : timer);
	if (result == 0)
		/* Without it, some moves are seen as first sights. */
		(void) !learn_ports(r);
	return result;
}

void reach_watch_close(struct reach_watch *r, struct sources *sources)
{
	source_remove(sources, &r->changes);
	source_remove(sources, &r->batch);
	forget_ports(r);
}

static void note_end(struct watched *w, uint32_t interface)
{
	for (size_t i = 0; i < w->count; i++)
		for (size_t j = 0; j < w->machines[i]->n_interfaces; j++)
			if (w->machines[i]->interfaces[j] == interface)
				watched_note(w, w->machines[i]);
}

/* The machines whose addresses were seen to have this one: they may be behind another bridge. */
static void note_hardware(struct watched *w, const struct hardware_address *hardware)
{
	for (size_t i = 0; i < w->count; i++)
		for (size_t j = 0; j < w->machines[i]->n_addresses; j++)
			if (memcmp(w->machines[i]->addresses[j].neighbour, hardware,
				   sizeof *hardware) == 0)
				watched_note(w, w->machines[i]);
}

/* A hardware address that is seen for the first time, far from all machines, is nothing. */
static void take_forwarding(struct reach_watch *r, struct watched *w,
			    const struct nlmsghdr *message)
{
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
	note_end(w, entry.port);
	if (!seen)
		return;
	if (seen->port != entry.port) {
		note_end(w, seen->port);
		note_hardware(w, &entry.hardware);
	}
	seen->port = entry.port;
	seen->has_aged = false;
}

/* An entry that ages, or goes, contradicts nothing. */
static void take_neighbour(struct watched *w, const struct nlmsghdr *message)
{
	struct neighbour n;

	if (message->nlmsg_type != RTM_NEWNEIGH || neighbour_parse(message, &n) < 0 || !n.is_known)
		return;
	for (size_t i = 0; i < w->count; i++) {
		struct watched_machine *m = w->machines[i];

		for (size_t j = 0; j < m->n_addresses; j++) {
			struct watched_address *address = &m->addresses[j];

			if (address->family != n.family ||
			    memcmp(address->bytes, n.bytes, sizeof n.bytes) != 0 ||
			    memcmp(address->neighbour, &n.hardware, sizeof n.hardware) == 0)
				continue;
			memcpy(address->neighbour, &n.hardware, sizeof n.hardware);
			watched_note(w, m);
		}
	}
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

struct taking {
	struct reach_watch *watch;
	struct watched *watched;
	bool is_any;
};

static void take_change(const struct nlmsghdr *message, void *into)
{
	struct taking *taking = into;

	taking->is_any = true;
	switch (message->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE: take_route(taking->watched, message); break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		if (*(const uint8_t *) mnl_nlmsg_get_payload(message) == AF_BRIDGE)
			take_forwarding(taking->watch, taking->watched, message);
		else
			take_neighbour(taking->watched, message);
		break;
	/* Rules may send any packet elsewhere. */
	case RTM_NEWRULE:
	case RTM_DELRULE: watched_note_all(taking->watched); break;
	}
}

void reach_watch_take_event(struct reach_watch *r, struct watched *w, const struct source *source)
{
	static const struct itimerspec batch = { .it_value.tv_nsec = BATCH_TIME };
	struct taking taking = { .watch = r, .watched = w };
	uint64_t expirations;

	if (source == &r->batch)
		(void) !read(source->fd, &expirations, sizeof expirations);
	/* Those that were lost may concern any machine. */
	if (netlink_drain(r->changes.fd, take_change, &taking) < 0)
		watched_note_all(w);
	if (taking.is_any)
		timerfd_settime(r->batch.fd, 0, &batch, NULL);
	else
		source_rearm(&w->sources, &r->changes);
}
