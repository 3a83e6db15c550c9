/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses that DHCP servers of this host have leased on a bridge, from their
 * files: dnsmasq(8), alone or for libvirt, LXC, LXD, Incus and NetworkManager;
 * ISC dhcpd; Kea.
 */
#pragma once

#include "base/arena.h"
#include "host/host_link.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lease {
	uint8_t family;
	uint8_t bytes[16]; /* as in struct machine_address */
	bool has_hardware; /* with DHCPv6, only if the client's DUID contains it: RFC 8415, 11.2 */
	struct hardware_address hardware;
	uint64_t expiry; /* seconds since 1970, UINT64_MAX for never */
};

/* The items are in the arena. */
struct leases {
	struct lease *items;
	size_t count;
};

/* Read the leases on a bridge. Files that can't be read and lines that aren't valid are ignored. */
void leases_read(struct leases *leases, struct arena *arena, const char *bridge);

bool lease_has_expired(const struct lease *lease);

/* The path of the n-th file for a bridge. 0; -ENOENT after the last; -ENAMETOOLONG. */
int leases_path(size_t n, const char *bridge, char path[static PATH_MAX]);

/*
 * Make a lease of its texts. The hardware address is `hardware`, or the one that a
 * DHCPv6 client's id contains; either may be NULL. No `expiry` is never. False if
 * the address isn't valid.
 */
bool lease_parse(const char *address, const char *hardware, const char *duid, uint64_t expiry,
		 struct lease *lease);

void leases_add(struct leases *leases, struct arena *arena, const struct lease *lease);

/* Parse the text of one file. But for libvirt's leaseshelper, the text is cut up. */
void leases_parse_dnsmasq(struct leases *leases, struct arena *arena, char *text);
void leases_parse_dhcpd(struct leases *leases, struct arena *arena, char *text); /* leases_logs.c */
void leases_parse_kea(struct leases *leases, struct arena *arena, char *text);	 /* leases_logs.c */
void leases_parse_libvirt(struct leases *leases, struct arena *arena, const char *text);
