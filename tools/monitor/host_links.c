/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/host_links.h"

#include "host/host_link.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* So much may wait for the monitor: some thousand changes. */
#define BUFFER_BYTES (4 * 1024 * 1024)

int host_links_open(struct host_links *links, struct sources *sources)
{
	static const unsigned int groups[] = { RTNLGRP_LINK };
	static const int bytes = BUFFER_BYTES;
	int r = source_add(sources, &links->source, netlink_listen(groups, 1));

	/* If that isn't permitted, changes are lost sooner, and then all machines are looked at. */
	if (r == 0)
		setsockopt(links->source.fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
	return r;
}

void host_links_close(struct host_links *links, struct sources *sources)
{
	source_remove(sources, &links->source);
}

static bool has_changed(const struct host_links *links, uint32_t index)
{
	if (links->n_changed > HOST_LINKS_MAX)
		return true;
	for (size_t i = 0; i < links->n_changed; i++)
		if (links->changed[i] == index)
			return true;
	return false;
}

static void add_changed(struct host_links *links, uint32_t index)
{
	if (has_changed(links, index))
		return;
	if (links->n_changed < HOST_LINKS_MAX)
		links->changed[links->n_changed] = index;
	links->n_changed++;
}

/* Whether the interface is really gone, and not in another namespace now. */
static bool is_deleted(const struct nlmsghdr *message)
{
	const struct nlattr *attribute;

	if (message->nlmsg_type != RTM_DELLINK)
		return false;
	mnl_attr_for_each (attribute, message, sizeof(struct ifinfomsg))
		if (mnl_attr_get_type(attribute) == IFLA_NEW_NETNSID)
			return false;
	return true;
}

static void take_link(const struct nlmsghdr *message, void *into)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	const struct host_link link = host_link_parse(message);
	struct host_links *links = into;

	add_changed(links, link.index);
	/* A bridge's messages about its ports don't say their kind. */
	links->may_be_tap |= link.kind != LINK_PAIR && info->ifi_family != AF_BRIDGE;
	links->may_have_moved |= !is_deleted(message);
}

void host_links_take_event(struct host_links *links)
{
	if (netlink_drain(links->source.fd, take_link, links) >= 0)
		return;
	/* The changes that were lost may be of any interface. */
	links->n_changed = HOST_LINKS_MAX + 1;
	links->may_be_tap = true;
	links->may_have_moved = true;
}

static bool concerns(const struct host_links *links, const struct watched_machine *m)
{
	/* The tap that a VM has just opened isn't in its record yet. That can't be one of a pair, which any
	 * container may change as often as it likes. */
	if (m->is_vm && links->may_be_tap)
		return true;
	for (size_t i = 0; i < m->n_interfaces; i++)
		if (has_changed(links, m->interfaces[i]))
			return true;
	return false;
}

void host_links_note_machines(struct host_links *links, struct watched *w)
{
	if (links->n_changed == 0)
		return;
	for (size_t i = 0; i < w->count; i++)
		if (concerns(links, w->machines[i]))
			watched_note(w, w->machines[i]);
	links->n_changed = 0;
	links->may_be_tap = false;
}
