/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/host_link.h"

#include "registry/cleanup.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

int hardware_address_parse(const char *text, struct hardware_address *address)
{
	struct hardware_address parsed;
	uint8_t *b = parsed.bytes;
	int end = 0;

	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &b[0], &b[1], &b[2], &b[3], &b[4],
		   &b[5], &end) != 6 ||
	    end != 17)
		return -EINVAL;
	*address = parsed;
	return 0;
}

bool link_kind_is_pair(const char *kind)
{
	return strcmp(kind, "veth") == 0 || strcmp(kind, "netkit") == 0;
}

struct parsed {
	struct host_link *link;
	uint32_t master;
};

static int parse_info(const struct nlattr *attribute, void *into)
{
	struct host_link *link = into;
	const char *kind = mnl_attr_get_str(attribute);

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_INFO_SLAVE_KIND: link->is_bridge_port = strcmp(kind, "bridge") == 0; break;
	case IFLA_INFO_KIND:
		link->is_tap = strcmp(kind, "tun") == 0;
		link->is_private = link->is_tap || link_kind_is_pair(kind);
		break;
	}
	return MNL_CB_OK;
}

static int parse_attribute(const struct nlattr *attribute, void *into)
{
	struct parsed *parsed = into;
	struct hardware_address *address = &parsed->link->address;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_MASTER: parsed->master = mnl_attr_get_u32(attribute); break;
	case IFLA_LINKINFO: mnl_attr_parse_nested(attribute, parse_info, parsed->link); break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attribute) == sizeof address->bytes)
			memcpy(address->bytes, mnl_attr_get_payload(attribute),
			       sizeof address->bytes);
		break;
	}
	return MNL_CB_OK;
}

static int parse_message(const struct nlmsghdr *message, void *into)
{
	mnl_attr_parse(message, sizeof(struct ifinfomsg), parse_attribute, into);
	return MNL_CB_STOP;
}

int host_link_read(struct netlink *host, uint32_t index, struct host_link *link)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct host_link found = { .index = index, .stands_for = index };
	struct parsed parsed = { .link = &found };
	struct ifinfomsg *info;
	int r;

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST;
	info = mnl_nlmsg_put_extra_header(message, sizeof *info);
	info->ifi_index = (int) index;
	r = netlink_request(host, message, parse_message, &parsed);
	if (r < 0)
		return r;
	if (found.is_bridge_port && parsed.master)
		found.stands_for = parsed.master;
	*link = found;
	return 0;
}

int host_interface_for(uint32_t index)
{
	CLEANUP(netlink_close) struct netlink host = { 0 };
	struct host_link link;
	int r = netlink_open(&host);

	if (r == 0)
		r = host_link_read(&host, index, &link);
	return r < 0 ? r : (int) link.stands_for;
}
