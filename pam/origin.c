/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pam/origin.h"

#include "registry/process_stat.h"
#include "registry/words.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

/* 1 with the index of the host's interface that the zone names, or is; 0 or as origin_parse(). */
static int find_interface(const char *zone, uint32_t *index)
{
	if (!*zone)
		return -EINVAL;
	*index = if_nametoindex(zone);
	if (*index || (errno == ENODEV && id_parse(zone, index) == 0 && *index))
		return 1;
	return errno == ENODEV || errno == ENXIO ? 0 : -errno;
}

/* IPv4 in IPv6 needs no zone, but may come with one. */
static int parse_address(const char *text, struct machine_address *address,
			 char zone[static IF_NAMESIZE])
{
	int r = address_parse(text, address, zone);
	const char *percent = strchr(text, '%');
	char bare[ADDRESS_TEXT_SIZE];

	if (r != -EINVAL || !percent || !percent[1] || percent - text >= (int) sizeof bare)
		return r;
	memcpy(bare, text, (size_t) (percent - text));
	bare[percent - text] = '\0';
	r = address_parse(bare, address, zone);
	return r == 0 && !(address->family == AF_INET && strchr(bare, ':')) ? -EINVAL : r;
}

/* A host's, if not a machine's: those may be shorter only. */
static bool is_host_name(const char *text)
{
	while (is_name_byte(*text) || *text == '.')
		text++;
	return !*text;
}

int origin_parse(const char *remote_host, struct origin *origin)
{
	struct origin o = { 0 };
	char zone[IF_NAMESIZE];
	int r;

	if (!*remote_host)
		return 0;
	r = parse_address(remote_host, &o.address, zone);
	if (r == -EADDRNOTAVAIL)
		return 0;
	if (r < 0 && machine_name_fold(remote_host, o.folded) == 0)
		return is_host_name(remote_host) ? 0 : -EINVAL;
	if (r == 0 && address_needs_interface(&o.address)) {
		uint32_t index;

		r = find_interface(zone, &index);
		if (r <= 0)
			return r;
		o.address.host_interface = index;
	}
	*origin = o;
	return 1;
}

int origin_find(struct snapshot *s, const struct origin *o, struct machine *m)
{
	int r = *o->folded ? snapshot_find_name(s, o->folded, m)
			   : snapshot_find_host(s, o->address.family, o->address.bytes,
						o->address.host_interface, m);

	if (r == 0)
		r = leader_lives(&m->leader, &s->meta.origin);
	return r > 0 ? 0 : r == 0 ? -ENOENT : r;
}

const char *origin_error_words(int error)
{
	return error == -EINVAL ? "it is no name, and no address with all that it needs"
				: registry_error_words(error);
}
