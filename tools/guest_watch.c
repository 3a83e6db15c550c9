/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/guest_watch.h"

#include "registry/array.h"
#include "registry/cleanup.h"
#include "registry/host_link.h"
#include "tools/leases.h"

#include <errno.h>
#include <libgen.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <time.h>

/* dnsmasq writes its file in place, libvirt's helper renames a new one over it. */
#define LEASES_EVENTS (IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)

/* Later than that, it is never: some thirty thousand years from now. */
#define EXPIRY_MAX ((uint64_t) 1 << 40)

static int or_errno(int fd)
{
	return fd < 0 ? -errno : fd;
}

static int start(struct guest_watch *g, struct watched *w)
{
	static const unsigned int groups[] = { RTNLGRP_NEIGH };
	int r = watched_add_source(w, &g->neighbours, netlink_listen(groups, 1));

	if (r == 0)
		r = watched_add_source(w, &g->leases,
				       or_errno(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)));
	if (r == 0)
		r = watched_add_source(
			w, &g->expiry,
			or_errno(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)));
	g->is_on = true;
	g->is_new = true;
	g->last_descriptor = 0;
	return r;
}

void guest_watch_done(struct guest_watch *g, struct watched *w)
{
	watched_remove_source(w, &g->neighbours);
	watched_remove_source(w, &g->leases);
	watched_remove_source(w, &g->expiry);
	g->is_on = false;
}

/* Watch the directories of the lease files of this bridge, and find the next expiry. */
static void watch_leases(struct guest_watch *g, const char *bridge, uint64_t *expiry)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct leases leases = { 0 };
	char path[PATH_MAX];

	/* To add one again changes nothing; a new one has the highest number. */
	for (size_t n = 0; leases_path(n, bridge, path) != -ENOENT; n++) {
		int descriptor =
			inotify_add_watch(g->leases.fd, dirname(path), LEASES_EVENTS | IN_ONLYDIR);

		if (descriptor > g->last_descriptor) {
			g->last_descriptor = descriptor;
			g->is_new = true;
		}
	}
	leases_read(&leases, &arena, bridge);
	for (size_t i = 0; i < leases.count; i++)
		if (!lease_has_expired(&leases.items[i]) && leases.items[i].expiry < *expiry)
			*expiry = leases.items[i].expiry;
}

/* The interface that stands for this one on the host, or 0. */
static uint32_t segment_of(struct netlink *host, uint32_t interface)
{
	struct host_link link;

	return host_link_read(host, interface, &link) == 0 ? link.stands_for : 0;
}

/* The bridges and interfaces that guests are on, each once. */
struct segments {
	uint32_t *items;
	size_t count;
};

static void segments_done(struct segments *segments)
{
	free(segments->items);
}

static void add_segment(struct segments *segments, uint32_t segment)
{
	uint32_t *items;

	for (size_t i = 0; i < segments->count; i++)
		if (segments->items[i] == segment)
			return;
	items = array_grow(segments->items, segments->count, sizeof *items);
	if (!items)
		arena_out_of_memory();
	segments->items = items;
	items[segments->count++] = segment;
}

static void add_segments_of(struct segments *segments, struct netlink *host,
			    const struct watched_machine *m)
{
	for (size_t i = 0; i < m->machine.n_interfaces; i++) {
		uint32_t segment = segment_of(host, m->machine.interfaces[i].index);

		if (segment)
			add_segment(segments, segment);
	}
}

static bool leads_to(struct netlink *host, uint32_t interface, uint32_t segment)
{
	return interface == segment || segment_of(host, interface) == segment;
}

/* Make those stale that have an interface on this segment, of all of them if it is 0. */
static void make_stale(struct watched *w, uint32_t segment)
{
	CLEANUP(netlink_close) struct netlink host = { 0 };

	if (segment && netlink_open(&host) < 0)
		segment = 0;
	for (size_t i = 0; i < w->count; i++) {
		struct watched_machine *m = w->machines[i];

		if (m->is_stale || !watched_is_learned(m))
			continue;
		m->is_stale = segment == 0;
		for (size_t j = 0; j < m->machine.n_interfaces && !m->is_stale; j++)
			m->is_stale = leads_to(&host, m->machine.interfaces[j].index, segment);
	}
}

/* However many guests share a bridge, its files are read once. Returns the next expiry. */
static uint64_t watch_all_leases(struct guest_watch *g, const struct watched *w,
				 struct netlink *host)
{
	CLEANUP(segments_done) struct segments segments = { 0 };
	uint64_t expiry = UINT64_MAX;
	char name[IF_NAMESIZE];

	for (size_t i = 0; i < w->count; i++)
		if (watched_is_learned(w->machines[i]))
			add_segments_of(&segments, host, w->machines[i]);
	for (size_t i = 0; i < segments.count; i++)
		if (if_indextoname(segments.items[i], name))
			watch_leases(g, name, &expiry);
	return expiry;
}

int guest_watch_update(struct guest_watch *g, struct watched *w)
{
	CLEANUP(netlink_close) struct netlink host = { 0 };
	struct itimerspec at = { 0 };
	uint64_t expiry;
	int r = 0;

	if (!watched_has_learned(w)) {
		guest_watch_done(g, w);
		return 0;
	}
	if (!g->is_on)
		r = start(g, w);
	if (r == 0)
		r = netlink_open(&host);
	if (r < 0) {
		guest_watch_done(g, w);
		return r;
	}
	expiry = watch_all_leases(g, w, &host);
	/*
	 * At 0 it is off. An absolute time follows the clock when that is set.
	 * A little later: time(2) lags behind.
	 */
	if (expiry < EXPIRY_MAX)
		at.it_value = (struct timespec){ .tv_sec = (time_t) expiry, .tv_nsec = 20000000 };
	timerfd_settime(g->expiry.fd, TFD_TIMER_ABSTIME, &at, NULL);
	/* What has changed before this was watched. */
	if (g->is_new)
		make_stale(w, 0);
	g->is_new = false;
	return 0;
}

/* Neighbours of a burst are mostly of one segment: each is looked for once. */
struct neighbour_events {
	struct watched *watched;
	uint32_t last;
};

static void take_neighbour(const struct nlmsghdr *message, void *into)
{
	const struct ndmsg *entry = mnl_nlmsg_get_payload(message);
	struct neighbour_events *events = into;

	if ((uint32_t) entry->ndm_ifindex != events->last)
		make_stale(events->watched, (uint32_t) entry->ndm_ifindex);
	events->last = (uint32_t) entry->ndm_ifindex;
}

void guest_watch_take_event(struct guest_watch *g, struct watched *w, const struct source *source)
{
	struct neighbour_events events = { .watched = w };
	char bytes[4096];

	if (source == &g->neighbours) {
		/* Those that were lost may be of any. */
		if (netlink_drain(source->fd, take_neighbour, &events) < 0)
			make_stale(w, 0);
		return;
	}
	while (read(source->fd, bytes, sizeof bytes) > 0)
		;
	make_stale(w, 0);
}
