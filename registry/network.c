/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/network.h"

#include "registry/array.h"
#include "registry/cleanup.h"
#include "registry/process.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel's advice for dumps: Documentation/userspace-api/netlink/intro.rst, "Buffer sizing". */
#define BUFFER_SIZE 32768

/* A dump that was disturbed by a change is asked for again, so often. */
#define DUMP_TRIES 10

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

/* One of the host's interfaces. */
struct host_link {
	uint32_t master;
	bool is_bridge_port;
};

/* A socket, and the number of the last request on it. */
struct channel {
	struct mnl_socket *socket;
	uint32_t sequence;
};

typedef int parser(const struct nlmsghdr *message, void *into);

static void channel_close(struct channel *channel)
{
	if (channel->socket)
		mnl_socket_close(channel->socket);
}

static void links_done(struct links *links)
{
	free(links->items);
}

static int channel_open(struct channel *channel)
{
	channel->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!channel->socket)
		return -errno;
	return mnl_socket_bind(channel->socket, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
}

/* A socket belongs to the namespace that it was made in: make it there, and be back. */
static int channel_open_in(int pidfd, int home, struct channel *channel)
{
	int r;

	if (setns(pidfd, CLONE_NEWNET) < 0)
		return -errno;
	r = channel_open(channel);
	return setns(home, CLONE_NEWNET) < 0 ? -ENOTRECOVERABLE : r;
}

/* Send a request, and give each message of the answer to `parse`. */
static int request(struct channel *channel, struct nlmsghdr *message, parser *parse, void *into)
{
	union {
		struct nlmsghdr header;
		char bytes[BUFFER_SIZE];
	} answer;
	int r = MNL_CB_OK;

	message->nlmsg_seq = ++channel->sequence;
	if (mnl_socket_sendto(channel->socket, message, message->nlmsg_len) < 0)
		return -errno;
	while (r > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(channel->socket, &answer, sizeof answer);

		if (n < 0)
			return -errno;
		/* What is left of a dump that was disturbed. */
		if ((size_t) n >= sizeof answer.header &&
		    answer.header.nlmsg_seq != channel->sequence)
			continue;
		r = mnl_cb_run(&answer, (size_t) n, channel->sequence,
			       mnl_socket_get_portid(channel->socket), parse, into);
	}
	return r < 0 ? -errno : 0;
}

/* One attempt of a dump. */
static int dump(struct channel *channel, uint16_t type, parser *parse, void *into)
{
	char buffer[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct ifinfomsg))] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	/* Of both requests the family comes first, and AF_UNSPEC asks for all. */
	size_t size = type == RTM_GETLINK ? sizeof(struct ifinfomsg) : sizeof(struct ifaddrmsg);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(message, size);
	return request(channel, message, parse, into);
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
	link->is_pair = strcmp(kind, "veth") == 0 || strcmp(kind, "netkit") == 0;
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

static int read_links(struct channel *channel, struct links *links)
{
	int r;

	for (int i = 0; i < DUMP_TRIES; i++) {
		links->count = 0;
		r = dump(channel, RTM_GETLINK, parse_link, links);
		if (r != -EINTR)
			break;
	}
	return r;
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
static int read_namespace_id(struct channel *channel, int home, int32_t *id)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = RTM_GETNSID;
	message->nlmsg_flags = NLM_F_REQUEST;
	mnl_nlmsg_put_extra_header(message, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(message, NETNSA_FD, (uint32_t) home);
	*id = NETNSA_NSID_NOT_ASSIGNED;
	return request(channel, message, parse_namespace_id, id);
}

static int parse_host_link_info(const struct nlattr *attribute, void *into)
{
	struct host_link *link = into;

	if (mnl_attr_get_type(attribute) == IFLA_INFO_SLAVE_KIND)
		link->is_bridge_port = strcmp(mnl_attr_get_str(attribute), "bridge") == 0;
	return MNL_CB_OK;
}

static int parse_host_link(const struct nlmsghdr *message, void *into)
{
	const struct nlattr *attribute;
	struct host_link *link = into;

	mnl_attr_for_each (attribute, message, sizeof(struct ifinfomsg)) {
		if (mnl_attr_get_type(attribute) == IFLA_MASTER)
			link->master = mnl_attr_get_u32(attribute);
		else if (mnl_attr_get_type(attribute) == IFLA_LINKINFO)
			mnl_attr_parse_nested(attribute, parse_host_link_info, link);
	}
	return MNL_CB_STOP;
}

/* The bridge that this interface is a port of, or itself. 0 or a negative errno. */
static int read_host_interface(struct channel *channel, uint32_t index, uint32_t *stands_for)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct host_link link = { 0 };
	struct ifinfomsg *info;
	int r;

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST;
	info = mnl_nlmsg_put_extra_header(message, sizeof *info);
	info->ifi_index = (int) index;
	r = request(channel, message, parse_host_link, &link);
	if (r == 0)
		*stands_for = link.is_bridge_port ? link.master : index;
	return r;
}

int host_interface_for(uint32_t index)
{
	CLEANUP(channel_close) struct channel host = { 0 };
	uint32_t stands_for;
	int r = channel_open(&host);

	if (r == 0)
		r = read_host_interface(&host, index, &stands_for);
	return r < 0 ? r : (int) stands_for;
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
static int find_host_ends(struct channel *machine, int home, struct links *links,
			  struct machine_network *network)
{
	CLEANUP(channel_close) struct channel host = { 0 };
	int32_t host_id = NETNSA_NSID_NOT_ASSIGNED;
	int r = channel_open(&host);

	if (r == 0)
		r = read_namespace_id(machine, home, &host_id);
	if (r < 0 || host_id == NETNSA_NSID_NOT_ASSIGNED)
		return r;
	for (size_t i = 0; i < links->count; i++) {
		struct link *link = &links->items[i];

		if (!link->is_pair || !link->peer || link->peer_namespace != host_id)
			continue;
		/* A peer that is going right now is none. */
		r = read_host_interface(&host, link->peer, &link->host_interface);
		if (r == 0)
			r = add_interface(network, link->peer);
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

static int read_addresses(struct channel *channel, const struct links *links,
			  struct machine_network *network)
{
	struct address_dump dumped = { .links = links, .network = network };
	int r = 0;

	network->addresses = calloc(MACHINE_ADDRESSES_MAX, sizeof *network->addresses);
	if (!network->addresses)
		return -ENOMEM;
	for (int i = 0; i < DUMP_TRIES; i++) {
		network->n_addresses = 0;
		network->n_left_out = 0;
		r = dump(channel, RTM_GETADDR, parse_address, &dumped);
		if (r != -EINTR)
			break;
	}
	return r;
}

int machine_network_read(int pidfd, uint32_t pid, struct machine_network *network)
{
	CLEANUP(channel_close) struct channel machine = { 0 };
	CLEANUP(links_done) struct links links = { 0 };
	CLEANUP_CLOSE int home = -1;
	int r = process_shares_namespace(pid, "net");

	*network = (struct machine_network){ 0 };
	if (r != 0)
		return r < 0 ? r : 0;
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return -errno;
	r = channel_open_in(pidfd, home, &machine);
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
