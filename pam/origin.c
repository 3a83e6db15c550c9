/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pam/origin.h"

#include <errno.h>
#include <net/if.h>

/* The index of the host's interface that the zone names, or is, or 0. */
static uint32_t zone_interface(const char *zone)
{
	uint32_t index = if_nametoindex(zone);

	return index || id_parse(zone, &index) == 0 ? index : 0;
}

bool origin_parse(const char *remote_host, struct origin *origin)
{
	struct origin o = { 0 };
	char zone[IF_NAMESIZE];
	int r = address_parse(remote_host, &o.address, zone);

	if (r == -EADDRNOTAVAIL || (r < 0 && machine_name_fold(remote_host, o.folded) == 0))
		return false;
	if (r == 0 && address_needs_interface(&o.address)) {
		o.address.host_interface = zone_interface(zone);
		if (o.address.host_interface == 0)
			return false;
	}
	*origin = o;
	return true;
}

int origin_find(struct snapshot *s, const struct origin *o, struct machine *m)
{
	int r;

	if (!*o->folded)
		return snapshot_find_host(s, o->address.family, o->address.bytes,
					  o->address.host_interface, m);
	r = snapshot_find_name(s, o->folded, m);
	return r == 0 && !snapshot_is_up(s, m) ? -ENOENT : r;
}
