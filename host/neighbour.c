/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/neighbour.h"

#include "registry/address.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

bool hardware_address_equal(const struct hardware_address *a, const struct hardware_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

struct attributes {
	const uint8_t *address;
	size_t address_size;
	const struct hardware_address *hardware;
	uint32_t master;
};

static int parse_attribute(const struct nlattr *attribute, void *into)
{
	struct attributes *a = into;

	switch (mnl_attr_get_type(attribute)) {
	case NDA_DST:
		a->address = mnl_attr_get_payload(attribute);
		a->address_size = mnl_attr_get_payload_len(attribute);
		break;
	case NDA_MASTER: a->master = mnl_attr_get_u32(attribute); break;
	case NDA_LLADDR:
		if (mnl_attr_get_payload_len(attribute) == sizeof *a->hardware)
			a->hardware = mnl_attr_get_payload(attribute);
		break;
	}
	return MNL_CB_OK;
}

/* The entry, with its attributes in `a`, or NULL for a message that is too short. */
static const struct ndmsg *parse_entry(const struct nlmsghdr *message, struct attributes *a)
{
	const struct ndmsg *entry = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof *entry)
		return NULL;
	mnl_attr_parse(message, sizeof *entry, parse_attribute, a);
	return entry;
}

int neighbour_parse(const struct nlmsghdr *message, struct neighbour *neighbour)
{
	static const uint16_t known =
		NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT;
	static const uint16_t asked = NUD_INCOMPLETE | NUD_DELAY | NUD_PROBE;
	struct attributes a = { 0 };
	const struct ndmsg *entry = parse_entry(message, &a);

	if (!entry || !a.address || a.address_size == 0 ||
	    a.address_size != address_length(entry->ndm_family) || entry->ndm_flags & NTF_PROXY)
		return -EBADMSG;
	*neighbour = (struct neighbour){ .family = entry->ndm_family,
					 .interface = (uint32_t) entry->ndm_ifindex,
					 .is_known = a.hardware && entry->ndm_state & known,
					 .is_asked = entry->ndm_state & asked,
					 .is_permanent = entry->ndm_state & NUD_PERMANENT };
	memcpy(neighbour->bytes, a.address, a.address_size);
	if (a.hardware)
		neighbour->hardware = *a.hardware;
	return 0;
}

int forwarding_parse(const struct nlmsghdr *message, struct forwarding *forwarding)
{
	struct attributes a = { 0 };
	const struct ndmsg *entry = parse_entry(message, &a);

	if (!entry || entry->ndm_family != AF_BRIDGE || !a.hardware)
		return -EBADMSG;
	*forwarding = (struct forwarding){ .bridge = a.master,
					   .port = (uint32_t) entry->ndm_ifindex,
					   .is_local = entry->ndm_state & NUD_PERMANENT,
					   .hardware = *a.hardware };
	return 0;
}

union request {
	struct nlmsghdr header;
	char bytes[MNL_NLMSG_HDRLEN + 96];
};

static struct ndmsg *start_request(union request *request, uint16_t type, uint8_t family,
				   uint32_t interface)
{
	struct ndmsg *entry;

	memset(request, 0, sizeof *request);
	mnl_nlmsg_put_header(request);
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = NLM_F_REQUEST;
	entry = mnl_nlmsg_put_extra_header(&request->header, sizeof *entry);
	entry->ndm_family = family;
	entry->ndm_ifindex = (int) interface;
	return entry;
}

static int take_neighbour(const struct nlmsghdr *message, void *into)
{
	neighbour_parse(message, into);
	return MNL_CB_STOP;
}

int neighbour_read(struct netlink *host, uint32_t interface, int family, const uint8_t *bytes,
		   struct neighbour *neighbour)
{
	struct neighbour found = { 0 };
	union request request;
	int r;

	start_request(&request, RTM_GETNEIGH, (uint8_t) family, interface);
	mnl_attr_put(&request.header, NDA_DST, address_length(family), bytes);
	r = netlink_request(host, &request.header, take_neighbour, &found);
	if (r == 0 && !found.family)
		r = -ENOENT;
	if (r == 0)
		*neighbour = found;
	return r;
}

static int take_forwarding(const struct nlmsghdr *message, void *into)
{
	forwarding_parse(message, into);
	return MNL_CB_STOP;
}

int forwarding_read(struct netlink *host, uint32_t bridge, uint16_t vlan,
		    const struct hardware_address *hardware, struct forwarding *forwarding)
{
	struct forwarding found = { 0 };
	union request request;
	int r;

	start_request(&request, RTM_GETNEIGH, AF_BRIDGE, 0);
	mnl_attr_put_u32(&request.header, NDA_MASTER, bridge);
	mnl_attr_put(&request.header, NDA_LLADDR, sizeof *hardware, hardware);
	if (vlan)
		mnl_attr_put_u16(&request.header, NDA_VLAN, vlan);
	r = netlink_request(host, &request.header, take_forwarding, &found);
	if (r == 0 && !found.port)
		r = -ENOENT;
	if (r == 0)
		*forwarding = found;
	return r;
}

int neighbour_ask(struct netlink *host, uint32_t interface, int family, const uint8_t *bytes,
		  bool again)
{
	union request request;
	struct ndmsg *entry = start_request(&request, RTM_NEWNEIGH, (uint8_t) family, interface);

	/* A known one is asked only after some seconds, unless its state says that it is due. */
	if (again)
		entry->ndm_state = NUD_PROBE;
	else
		entry->ndm_flags = NTF_USE;
	request.header.nlmsg_flags |= NLM_F_ACK | (again ? NLM_F_REPLACE : NLM_F_CREATE);
	mnl_attr_put(&request.header, NDA_DST, address_length(family), bytes);
	return netlink_request(host, &request.header, NULL, NULL);
}
