/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/host_link.h"

#include "base/cleanup.h"

#include <errno.h>
#include <linux/if_link.h>
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

static enum link_kind find_kind(const char *kind)
{
	if (link_kind_is_pair(kind))
		return LINK_PAIR;
	return strcmp(kind, "bridge") == 0 ? LINK_BRIDGE
	       : strcmp(kind, "vlan") == 0 ? LINK_VLAN
	       : strcmp(kind, "tun") == 0  ? LINK_TAP
					   : LINK_OTHER;
}

static int parse_vlan(const struct nlattr *attribute, void *into)
{
	struct host_link *link = into;

	if (mnl_attr_get_type(attribute) == IFLA_VLAN_ID)
		link->vlan = mnl_attr_get_u16(attribute);
	return MNL_CB_OK;
}

static int parse_bridge(const struct nlattr *attribute, void *into)
{
	struct host_link *link = into;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_BR_VLAN_FILTERING: link->filters_vlans = mnl_attr_get_u8(attribute); break;
	case IFLA_BR_VLAN_DEFAULT_PVID: link->vlan = mnl_attr_get_u16(attribute); break;
	}
	return MNL_CB_OK;
}

/* The data come after the name of the kind. */
static void parse_data(const struct nlattr *attribute, struct host_link *link)
{
	if (link->kind == LINK_VLAN)
		mnl_attr_parse_nested(attribute, parse_vlan, link);
	if (link->kind == LINK_BRIDGE)
		mnl_attr_parse_nested(attribute, parse_bridge, link);
}

static int parse_info(const struct nlattr *attribute, void *into)
{
	struct host_link *link = into;
	const char *text = mnl_attr_get_str(attribute);

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_INFO_SLAVE_KIND: link->is_bridge_port = strcmp(text, "bridge") == 0; break;
	case IFLA_INFO_KIND: link->kind = find_kind(text); break;
	case IFLA_INFO_DATA: parse_data(attribute, link); break;
	}
	return MNL_CB_OK;
}

static int parse_attribute(const struct nlattr *attribute, void *into)
{
	struct host_link *link = into;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_MASTER: link->master = mnl_attr_get_u32(attribute); break;
	case IFLA_LINK: link->lower = mnl_attr_get_u32(attribute); break;
	case IFLA_LINK_NETNSID: link->lower_is_elsewhere = true; break;
	case IFLA_LINKINFO: mnl_attr_parse_nested(attribute, parse_info, link); break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attribute) == sizeof link->address.bytes)
			memcpy(link->address.bytes, mnl_attr_get_payload(attribute),
			       sizeof link->address.bytes);
		break;
	}
	return MNL_CB_OK;
}

struct host_link host_link_parse(const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct host_link link = { .index = (uint32_t) info->ifi_index };

	mnl_attr_parse(message, sizeof *info, parse_attribute, &link);
	link.is_private = link.kind == LINK_TAP || link.kind == LINK_PAIR;
	link.is_bridge_port = link.is_bridge_port && link.master;
	link.stands_for = link.is_bridge_port ? link.master : link.index;
	return link;
}

static int take_link(const struct nlmsghdr *message, void *into)
{
	*(struct host_link *) into = host_link_parse(message);
	return MNL_CB_STOP;
}

int host_link_read(struct netlink *host, uint32_t index, struct host_link *link)
{
	char buffer[MNL_NLMSG_HDRLEN + 64] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct host_link found = { 0 };
	struct ifinfomsg *info;
	int r;

	message->nlmsg_type = RTM_GETLINK;
	message->nlmsg_flags = NLM_F_REQUEST;
	info = mnl_nlmsg_put_extra_header(message, sizeof *info);
	info->ifi_index = (int) index;
	r = netlink_request(host, message, take_link, &found);
	if (r == 0)
		*link = found;
	return r;
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
