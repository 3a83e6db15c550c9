/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/network.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "host/netlink.h"
#include "host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The neighbours that the kernel is asked for, of one machine at a time. */
#define QUESTIONS_MAX 32

/* Interfaces one upon the other: deeper is a circle, or nobody's. */
#define DEPTH_MAX 8

/* An interface in the machine, as the kernel tells of it. */
struct link {
	struct machine_link known;
	bool is_pair;  /* veth(4) or netkit: has a peer */
	bool is_share; /* of an interface that may be the host's: macvlan, ipvlan and their taps */
	bool is_vlan;
	bool is_device; /* of no kind, but a device of its own */
	uint32_t lower; /* index of the peer, or of the interface below, in its namespace */
	int32_t lower_namespace; /* id of that, as the machine's namespace has it, or -1 for itself */
};

struct links {
	struct link *items;
	size_t count;
};

static void links_done(struct links *links)
{
	free(links->items);
}

static bool is_share_kind(const char *kind)
{
	static const char *const kinds[] = { "macvlan", "macvtap", "ipvlan", "ipvtap" };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

static int parse_link_info(const struct nlattr *attribute, void *into)
{
	struct link *link = into;
	const char *kind;

	if (mnl_attr_get_type(attribute) != IFLA_INFO_KIND ||
	    mnl_attr_validate(attribute, MNL_TYPE_STRING) < 0)
		return MNL_CB_OK;
	kind = mnl_attr_get_str(attribute);
	link->is_device = false;
	link->known.is_bridge = strcmp(kind, "bridge") == 0;
	link->is_pair = link_kind_is_pair(kind);
	link->is_share = is_share_kind(kind);
	link->is_vlan = strcmp(kind, "vlan") == 0;
	return MNL_CB_OK;
}

static int parse_link_attribute(const struct nlattr *attribute, void *into)
{
	struct link *link = into;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		strncpy(link->known.name, mnl_attr_get_str(attribute), IF_NAMESIZE - 1);
		break;
	case IFLA_LINK: link->lower = mnl_attr_get_u32(attribute); break;
	case IFLA_LINK_NETNSID:
		link->lower_namespace = (int32_t) mnl_attr_get_u32(attribute);
		break;
	case IFLA_LINKINFO: mnl_attr_parse_nested(attribute, parse_link_info, link); break;
	}
	return MNL_CB_OK;
}

static int parse_link(const struct nlmsghdr *message, void *into)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct links *links = into;
	struct link link = { .known.index = (uint32_t) info->ifi_index,
			     .is_device = !(info->ifi_flags & IFF_LOOPBACK),
			     .lower_namespace = -1 };
	struct link *items = array_grow(links->items, links->count, sizeof *items);

	if (!items)
		return MNL_CB_ERROR;
	links->items = items;
	mnl_attr_parse(message, sizeof *info, parse_link_attribute, &link);
	links->items[links->count++] = link;
	return MNL_CB_OK;
}

static void start_links(void *into)
{
	((struct links *) into)->count = 0;
}

static int compare_links(const void *left, const void *right)
{
	const struct link *a = left, *b = right;

	return a->known.index < b->known.index ? -1 : a->known.index > b->known.index;
}

/* By their index. */
static int read_links(struct netlink *netlink, struct links *links)
{
	int r = netlink_dump(netlink, RTM_GETLINK, AF_UNSPEC, parse_link, start_links, links);

	if (r == 0 && links->count > 1)
		qsort(links->items, links->count, sizeof *links->items, compare_links);
	return r;
}

static const struct link *find_link(const struct links *links, uint32_t index)
{
	const struct link key = { .known.index = index };

	/* A machine may have ten thousands of them, and as many addresses. */
	return links->count ? bsearch(&key, links->items, links->count, sizeof key, compare_links)
			    : NULL;
}

static int parse_namespace_id(const struct nlmsghdr *message, void *into)
{
	const struct nlattr *attribute;

	mnl_attr_for_each (attribute, message, sizeof(struct rtgenmsg))
		if (mnl_attr_get_type(attribute) == NETNSA_NSID)
			*(int32_t *) into = (int32_t) mnl_attr_get_u32(attribute);
	return MNL_CB_STOP;
}

/* The id by which the machine's namespace knows the host's, or NETNSA_NSID_NOT_ASSIGNED. */
static int read_namespace_id(struct netlink *netlink, int home, int32_t *id)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = RTM_GETNSID;
	message->nlmsg_flags = NLM_F_REQUEST;
	mnl_nlmsg_put_extra_header(message, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(message, NETNSA_FD, (uint32_t) home);
	*id = NETNSA_NSID_NOT_ASSIGNED;
	return netlink_request(netlink, message, parse_namespace_id, id);
}

static int add_interface(struct machine_network *network, uint32_t index)
{
	struct machine_interface *items =
		array_grow(network->interfaces, network->n_interfaces, sizeof *items);

	if (!items)
		return -ENOMEM;
	network->interfaces = items;
	if (network->n_interfaces < MACHINE_INTERFACES_MAX)
		network->interfaces[network->n_interfaces++] =
			(struct machine_interface){ .index = index };
	return 0;
}

/* Which of the machine's interfaces have their peer on the host, and what that is. */
static int find_host_ends(struct links *links, int32_t host_id, struct host_view *view,
			  struct machine_network *network)
{
	for (size_t i = 0; i < links->count; i++) {
		struct link *link = &links->items[i];
		const struct host_link *end;
		int r;

		if (!link->is_pair || !link->lower || link->lower_namespace != host_id)
			continue;
		/* Skip a peer that is being removed right now. */
		end = host_view_link(view, link->lower);
		if (!end)
			continue;
		link->known.host_end = end->index;
		link->known.host_interface = end->stands_for;
		r = add_interface(network, end->index);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A macvlan or ipvlan that the machine has made upon an interface of its own isn't. */
static bool is_beside(const struct links *links, const struct link *link, int32_t host_id,
		      int depth)
{
	const struct link *lower;

	if (link->is_share && link->lower_namespace >= 0)
		return link->lower_namespace == host_id;
	if (link->is_device)
		return true;
	if (!link->is_vlan && !link->is_share)
		return false;
	lower = link->lower_namespace < 0 ? find_link(links, link->lower) : NULL;
	return lower && depth < DEPTH_MAX && is_beside(links, lower, host_id, depth + 1);
}

static int find_ways(struct netlink *machine, int home, struct links *links, struct host_view *view,
		     struct machine_network *network)
{
	int32_t host_id = NETNSA_NSID_NOT_ASSIGNED;
	int r = read_namespace_id(machine, home, &host_id);

	if (r == 0 && host_id != NETNSA_NSID_NOT_ASSIGNED)
		r = find_host_ends(links, host_id, view, network);
	if (r < 0)
		return r;
	network->links = calloc(links->count + 1, sizeof *network->links);
	if (!network->links)
		return -ENOMEM;
	for (size_t i = 0; i < links->count; i++) {
		links->items[i].known.is_beside = is_beside(links, &links->items[i], host_id, 0);
		network->links[network->n_links++] = links->items[i].known;
	}
	return 0;
}

struct address_attributes {
	const uint8_t *local;
	const uint8_t *address;
	uint32_t flags;
	size_t length;
};

static int parse_address_attribute(const struct nlattr *attribute, void *into)
{
	struct address_attributes *a = into;
	bool fits = mnl_attr_get_payload_len(attribute) == a->length;

	switch (mnl_attr_get_type(attribute)) {
	case IFA_LOCAL: a->local = fits ? mnl_attr_get_payload(attribute) : NULL; break;
	case IFA_ADDRESS: a->address = fits ? mnl_attr_get_payload(attribute) : NULL; break;
	case IFA_FLAGS: a->flags = mnl_attr_get_u32(attribute); break;
	}
	return MNL_CB_OK;
}

/* RFC 4862, section 2, says tentative and deprecated; RFC 4429 lets optimistic ones be used. */
static bool is_usable(const struct ifaddrmsg *info, uint32_t flags)
{
	if (flags & (IFA_F_DEPRECATED | IFA_F_DADFAILED))
		return false;
	if (flags & IFA_F_TENTATIVE && !(flags & IFA_F_OPTIMISTIC))
		return false;
	return info->ifa_scope < RT_SCOPE_HOST;
}

struct address_dump {
	const struct links *links;
	struct machine_network *network;
};

static void start_addresses(void *into)
{
	struct address_dump *dumped = into;

	dumped->network->n_addresses = 0;
	dumped->network->n_left_out = 0;
}

static int parse_address(const struct nlmsghdr *message, void *into)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	struct address_dump *dumped = into;
	const struct link *link = find_link(dumped->links, info->ifa_index);
	struct address_attributes a = { .flags = info->ifa_flags,
					.length = address_length(info->ifa_family) };
	struct machine_address address = { .family = info->ifa_family,
					   .scope = info->ifa_scope,
					   .prefix_length = info->ifa_prefixlen };
	const uint8_t *bytes;

	if (!a.length || !link)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof *info, parse_address_attribute, &a);
	/* The address of a point-to-point link is the other end's; ours is the local one. */
	bytes = a.local ? a.local : a.address;
	if (!bytes || !is_usable(info, a.flags) || !address_is_unicast(info->ifa_family, bytes))
		return MNL_CB_OK;
	memcpy(address.bytes, bytes, a.length);
	memcpy(address.interface, link->known.name, sizeof address.interface);
	address.host_interface = link->known.host_interface;
	address.flags = link->known.is_bridge ? ADDRESS_ON_BRIDGE : 0;
	/* A machine may have hundreds of thousands: only the best are kept. */
	if (!addresses_insert(dumped->network->addresses, &dumped->network->n_addresses,
			      MACHINE_ADDRESSES_MAX, &address))
		dumped->network->n_left_out++;
	return MNL_CB_OK;
}

static int read_addresses(struct netlink *netlink, const struct links *links,
			  struct machine_network *network)
{
	struct address_dump dumped = { .links = links, .network = network };

	network->addresses = calloc(MACHINE_ADDRESSES_MAX, sizeof *network->addresses);
	if (!network->addresses)
		return -ENOMEM;
	return netlink_dump(netlink, RTM_GETADDR, AF_UNSPEC, parse_address, start_addresses,
			    &dumped);
}

static int open_machine(void *into)
{
	return netlink_open(into);
}

int machine_network_read(int pidfd, uint32_t pid, struct host_view *view,
			 struct machine_network *network)
{
	CLEANUP(netlink_close) struct netlink machine = { 0 };
	CLEANUP(links_done) struct links links = { 0 };
	int home, r = process_shares_namespace(&view->own, pid, NAMESPACE_NETWORK);

	*network = (struct machine_network){ 0 };
	if (r != 0)
		return r < 0 ? r : 0;
	home = host_view_home(view);
	if (home < 0)
		return home;
	r = netlink_inside(pidfd, home, open_machine, &machine);
	if (r == 0)
		r = read_links(&machine, &links);
	if (r == 0)
		r = find_ways(&machine, home, &links, view, network);
	if (r == 0)
		r = read_addresses(&machine, &links, network);
	if (r < 0)
		machine_network_done(network);
	return r;
}

static const struct machine_link *find_named_link(const struct machine_network *network,
						  const char *name)
{
	for (size_t i = 0; i < network->n_links; i++)
		if (strncmp(network->links[i].name, name, IF_NAMESIZE) == 0)
			return &network->links[i];
	return NULL;
}

static bool was_routed(const struct machine_address *former, size_t n_former,
		       const struct machine_address *address)
{
	for (size_t i = 0; i < n_former; i++)
		if (former[i].flags & ADDRESS_ROUTED && address_equal(&former[i], address))
			return true;
	return false;
}

void machine_network_judge(struct machine_network *network, struct host_view *view,
			   const struct machine_address *former, size_t n_former)
{
	uint32_t ends[MACHINE_INTERFACES_MAX];
	struct reach reach = { .view = view, .ends = ends, .n_questions_max = QUESTIONS_MAX };

	for (; reach.n_ends < network->n_interfaces; reach.n_ends++)
		ends[reach.n_ends] = network->interfaces[reach.n_ends].index;
	for (size_t i = 0; i < network->n_addresses; i++) {
		struct machine_address *address = &network->addresses[i];

		address->flags &= ADDRESS_ON_BRIDGE;
		address->flags |=
			reach_judge(&reach, address, find_named_link(network, address->interface),
				    was_routed(former, n_former, address));
	}
}

void machine_network_done(struct machine_network *network)
{
	free(network->links);
	free(network->addresses);
	free(network->interfaces);
	*network = (struct machine_network){ 0 };
}

static int listen_inside(void *into)
{
	static const unsigned int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
					       RTNLGRP_IPV6_IFADDR };

	(void) into;
	return netlink_listen(groups, 3);
}

int machine_network_listen(int network, int home)
{
	return netlink_inside(network, home, listen_inside, NULL);
}
