/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses that dnsmasq(8) has leased on a bridge of libvirt's, LXC's, LXD's
 * or Incus's, from its files.
 */
#pragma once

#include "registry/host_link.h"
#include "tools/arena.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lease {
	uint8_t family;
	uint8_t bytes[16]; /* as in struct machine_address */
	bool has_hardware; /* of DHCPv6, only if the client's id is made from it: RFC 8415, 11.2 */
	struct hardware_address hardware;
	uint64_t expiry; /* seconds since 1970, UINT64_MAX for never */
};

/* In the arena. */
struct leases {
	struct lease *items;
	size_t count;
};

/*
 * Read what is leased on the bridge of this name. What can't be read or makes
 * no sense is passed over.
 */
void leases_read(struct leases *leases, struct arena *arena, const char *bridge);

bool lease_has_expired(const struct lease *lease);

/* Where the n-th of such files of a bridge would be. 0; -ENOENT after the last; -ENAMETOOLONG. */
int leases_path(size_t n, const char *bridge, char path[static PATH_MAX]);

/* Of one file's text: dnsmasq's own form, which is cut up, and that of libvirt's leaseshelper. */
void leases_parse_dnsmasq(struct leases *leases, struct arena *arena, char *text);
void leases_parse_libvirt(struct leases *leases, struct arena *arena, const char *text);
