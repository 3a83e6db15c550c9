/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/vm_watch.h"

#include "base/array.h"
#include "base/cleanup.h"
#include "host/host_link.h"
#include "host/leases.h"

#include <errno.h>
#include <libgen.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

/* dnsmasq writes its file in place, libvirt's helper renames a new one over it. */
#define LEASES_EVENTS (IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)

/* An expiry later than this counts as never: it is some thirty thousand years from now. */
#define EXPIRY_MAX ((uint64_t) 1 << 40)

/* After so many interfaces with changes of one kind in a batch, all VMs are looked at. */
#define CHANGED_MAX 64

static int or_errno(int fd)
{
	return fd < 0 ? -errno : fd;
}

static int start(struct vm_watch *v, struct watched *w)
{
	static const unsigned int groups[] = { RTNLGRP_NEIGH };
	int r = change_batch_open(&v->neighbours, &w->sources, groups, 1);

	if (r == 0)
		r = source_add(&w->sources, &v->leases,
			       or_errno(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)));
	if (r == 0)
		r = source_add(
			&w->sources, &v->expiry,
			or_errno(timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)));
	v->is_on = true;
	v->is_new = true;
	v->last_descriptor = 0;
	return r;
}

void vm_watch_done(struct vm_watch *v, struct watched *w)
{
	change_batch_close(&v->neighbours, &w->sources);
	source_remove(&w->sources, &v->leases);
	source_remove(&w->sources, &v->expiry);
	v->is_on = false;
}

/* Watch the directories of the lease files of this bridge, and find the next expiry. */
static void watch_leases(struct vm_watch *v, const char *bridge, uint64_t *expiry)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct leases leases = { 0 };
	char path[PATH_MAX];

	/* Adding a watch again returns the same number; a new one has the highest number so far. */
	for (size_t n = 0; leases_path(n, bridge, path) != -ENOENT; n++) {
		int descriptor =
			inotify_add_watch(v->leases.fd, dirname(path), LEASES_EVENTS | IN_ONLYDIR);

		if (descriptor > v->last_descriptor) {
			v->last_descriptor = descriptor;
			v->is_new = true;
		}
	}
	leases_read(&leases, &arena, bridge);
	for (size_t i = 0; i < leases.count; i++)
		if (!lease_has_expired(&leases.items[i]) && leases.items[i].expiry < *expiry)
			*expiry = leases.items[i].expiry;
}

/* The bridge that the interface is a port of, or the interface itself. 0 if there is none. */
static uint32_t segment_of(struct netlink *host, uint32_t interface)
{
	struct host_link link;

	return host_link_read(host, interface, &link) == 0 ? link.stands_for : 0;
}

/* Interfaces, each once. */
struct segments {
	uint32_t *items;
	size_t count;
};

static void segments_done(struct segments *segments)
{
	free(segments->items);
}

static bool has_segment(const struct segments *segments, uint32_t segment)
{
	for (size_t i = 0; i < segments->count; i++)
		if (segments->items[i] == segment)
			return true;
	return false;
}

static void add_segment(struct segments *segments, uint32_t segment)
{
	uint32_t *items;

	if (has_segment(segments, segment))
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
	for (size_t i = 0; i < m->n_interfaces; i++) {
		uint32_t segment = segment_of(host, m->interfaces[i]);

		if (segment)
			add_segment(segments, segment);
	}
}

static void note_learned(struct watched *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->machines[i]->is_learned)
			watched_note(w, w->machines[i]);
}

/* Read the lease files of each bridge once, however many VMs are on it. Returns the next expiry. */
static uint64_t watch_all_leases(struct vm_watch *v, const struct watched *w, struct netlink *host)
{
	CLEANUP(segments_done) struct segments segments = { 0 };
	uint64_t expiry = UINT64_MAX;
	char name[IF_NAMESIZE];

	for (size_t i = 0; i < w->count; i++)
		if (w->machines[i]->is_learned)
			add_segments_of(&segments, host, w->machines[i]);
	for (size_t i = 0; i < segments.count; i++)
		if (if_indextoname(segments.items[i], name))
			watch_leases(v, name, &expiry);
	return expiry;
}

int vm_watch_update(struct vm_watch *v, struct watched *w)
{
	CLEANUP(netlink_close) struct netlink host = { 0 };
	struct itimerspec at = { 0 };
	uint64_t expiry;
	int r = 0;

	if (w->n_learned == 0) {
		vm_watch_done(v, w);
		return 0;
	}
	if (!v->is_on)
		r = start(v, w);
	if (r == 0)
		r = netlink_open(&host);
	if (r < 0) {
		vm_watch_done(v, w);
		return r;
	}
	expiry = watch_all_leases(v, w, &host);
	/*
	 * A time of 0 turns the timer off. An absolute one follows the clock when that is set.
	 * Wait a little longer than needed, as time(2) lags behind.
	 */
	if (expiry < EXPIRY_MAX)
		at.it_value = (struct timespec){ .tv_sec = (time_t) expiry, .tv_nsec = 20000000 };
	timerfd_settime(v->expiry.fd, TFD_TIMER_ABSTIME, &at, NULL);
	/* Something may have changed before this was watched. */
	if (v->is_new)
		note_learned(w);
	v->is_new = false;
	return 0;
}

/* Of a batch of changes, the interfaces that they are of. */
struct neighbour_changes {
	struct segments ports;	  /* whose bridge has learned or forgotten an address there */
	struct segments segments; /* whose neighbours have changed */
	bool are_many;
};

static void neighbour_changes_done(struct neighbour_changes *changes)
{
	segments_done(&changes->ports);
	segments_done(&changes->segments);
}

/* Anybody on a port may have any number of addresses, so do here no more than to remember it. */
static void take_neighbour(const struct nlmsghdr *message, void *into)
{
	const struct ndmsg *entry = mnl_nlmsg_get_payload(message);
	struct neighbour_changes *changes = into;
	struct segments *segments = entry->ndm_family == AF_BRIDGE ? &changes->ports
								   : &changes->segments;

	if (segments->count < CHANGED_MAX)
		add_segment(segments, (uint32_t) entry->ndm_ifindex);
	else
		changes->are_many |= !has_segment(segments, (uint32_t) entry->ndm_ifindex);
}

static bool is_concerned(const struct neighbour_changes *changes, struct netlink *host,
			 const struct watched_machine *m)
{
	for (size_t i = 0; i < m->n_interfaces; i++)
		if (has_segment(&changes->ports, m->interfaces[i]) ||
		    has_segment(&changes->segments, m->interfaces[i]) ||
		    (changes->segments.count > 0 &&
		     has_segment(&changes->segments, segment_of(host, m->interfaces[i]))))
			return true;
	return false;
}

static void note_concerned(struct watched *w, const struct neighbour_changes *changes)
{
	CLEANUP(netlink_close) struct netlink host = { 0 };

	if (changes->are_many || (changes->segments.count > 0 && netlink_open(&host) < 0)) {
		note_learned(w);
		return;
	}
	for (size_t i = 0; i < w->count && changes->ports.count + changes->segments.count > 0; i++)
		if (w->machines[i]->is_learned && is_concerned(changes, &host, w->machines[i]))
			watched_note(w, w->machines[i]);
}

static void take_neighbours(struct vm_watch *v, struct watched *w, const struct source *source)
{
	CLEANUP(neighbour_changes_done) struct neighbour_changes changes = { 0 };

	/* The changes that were lost may be of any interface. */
	if (change_batch_read(&v->neighbours, source, take_neighbour, &changes) < 0)
		changes.are_many = true;
	note_concerned(w, &changes);
	change_batch_end(&v->neighbours, &w->sources);
}

void vm_watch_take_event(struct vm_watch *v, struct watched *w, const struct source *source)
{
	char bytes[4096];

	if (source->kind == SOURCE_HOST_NEIGHBOURS) {
		take_neighbours(v, w, source);
		return;
	}
	while (read(source->fd, bytes, sizeof bytes) > 0)
		;
	/* Another lease may be the next to expire. */
	w->learned_is_new = true;
	note_learned(w);
}
