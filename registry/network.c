/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/network.h"

#include "registry/array.h"
#include "registry/cleanup.h"
#include "registry/host_link.h"
#include "registry/netlink.h"
#include "registry/process.h"

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

/* An interface in the machine. */
struct link {
	uint32_t index;
	char name[IF_NAMESIZE];
	bool is_bridge;
	bool is_pair;		/* veth(4) or netkit: has a peer */
	uint32_t peer;		/* the peer's index in its namespace */
	int32_t peer_namespace; /* id of that namespace, as the machine's has it, or -1 for itself */
	uint32_t host_interface;
};

struct links {
	struct link *items;
	size_t count;
};

static void links_done(struct links *links)
{
	free(links->items);
}

static int parse_link_info(const struct nlattr *attribute, void *into)
{
	struct link *link = into;
	const char *kind;

	if (mnl_attr_get_type(attribute) != IFLA_INFO_KIND ||
	    mnl_attr_validate(attribute, MNL_TYPE_STRING) < 0)
		return MNL_CB_OK;
	kind = mnl_attr_get_str(attribute);
	link->is_bridge = strcmp(kind, "bridge") == 0;
	link->is_pair = link_kind_is_pair(kind);
	return MNL_CB_OK;
}

static int parse_link_attribute(const struct nlattr *attribute, void *into)
{
	struct link *link = into;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		strncpy(link->name, mnl_attr_get_str(attribute), sizeof link->name - 1);
		break;
	case IFLA_LINK: link->peer = mnl_attr_get_u32(attribute); break;
	case IFLA_LINK_NETNSID: link->peer_namespace = (int32_t) mnl_attr_get_u32(attribute); break;
	case IFLA_LINKINFO: mnl_attr_parse_nested(attribute, parse_link_info, link); break;
	}
	return MNL_CB_OK;
}

static int parse_link(const struct nlmsghdr *message, void *into)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct links *links = into;
	struct link link = { .index = (uint32_t) info->ifi_index, .peer_namespace = -1 };
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

static int read_links(struct netlink *netlink, struct links *links)
{
	return netlink_dump(netlink, RTM_GETLINK, AF_UNSPEC, parse_link, start_links, links);
}

static const struct link *find_link(const struct links *links, uint32_t index)
{
	for (size_t i = 0; i < links->count; i++)
		if (links->items[i].index == index)
			return &links->items[i];
	return NULL;
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
static int find_host_ends(struct netlink *machine, int home, struct links *links,
			  struct machine_network *network)
{
	CLEANUP(netlink_close) struct netlink host = { 0 };
	int32_t host_id = NETNSA_NSID_NOT_ASSIGNED;
	int r = netlink_open(&host);

	if (r == 0)
		r = read_namespace_id(machine, home, &host_id);
	if (r < 0 || host_id == NETNSA_NSID_NOT_ASSIGNED)
		return r;
	for (size_t i = 0; i < links->count; i++) {
		struct link *link = &links->items[i];
		struct host_link end;

		if (!link->is_pair || !link->peer || link->peer_namespace != host_id)
			continue;
		/* A peer that is going right now is none. */
		r = host_link_read(&host, link->peer, &end);
		if (r == 0) {
			link->host_interface = end.stands_for;
			r = add_interface(network, link->peer);
		}
		if (r < 0 && r != -ENODEV)
			return r;
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
	memcpy(address.interface, link->name, sizeof address.interface);
	address.host_interface = link->host_interface;
	address.flags = link->is_bridge ? ADDRESS_ON_BRIDGE : 0;
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

int machine_network_read(int pidfd, uint32_t pid, struct machine_network *network)
{
	CLEANUP(netlink_close) struct netlink machine = { 0 };
	CLEANUP(links_done) struct links links = { 0 };
	CLEANUP_CLOSE int home = -1;
	int r = process_shares_namespace(pid, "net");

	*network = (struct machine_network){ 0 };
	if (r != 0)
		return r < 0 ? r : 0;
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return -errno;
	r = netlink_inside(pidfd, home, open_machine, &machine);
	if (r == 0)
		r = read_links(&machine, &links);
	if (r == 0)
		r = find_host_ends(&machine, home, &links, network);
	if (r == 0)
		r = read_addresses(&machine, &links, network);
	if (r < 0)
		machine_network_done(network);
	return r;
}

void machine_network_done(struct machine_network *network)
{
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

int machine_network_listen(int pidfd)
{
	CLEANUP_CLOSE int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return home < 0 ? -errno : netlink_inside(pidfd, home, listen_inside, NULL);
}
