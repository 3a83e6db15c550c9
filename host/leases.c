/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/leases.h"

#include "base/array_size.h"
#include "base/input.h"
#include "base/json_value.h"
#include "base/lines.h"
#include "registry/address.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * More than ten thousand leases. Of a larger file of lines, the last part is read: of some, to which
 * each change is appended, a single client can make one. A larger file of another form counts as
 * missing.
 */
#define LEASES_SIZE_MAX (1024 * 1024)

typedef void parser(struct leases *leases, struct arena *arena, char *text);

static void parse_libvirt_file(struct leases *leases, struct arena *arena, char *text)
{
	leases_parse_libvirt(leases, arena, text);
}

/* The files' names before and after the bridge's. Without `after`, a file is of all bridges. */
static const struct lease_file {
	const char *directory;
	const char *before;
	const char *after;
	parser *parse;
	bool has_lines; /* of which each, or a few together, can be understood alone */
} lease_files[] = {
	/* written by libvirt's network/leaseshelper.c */
	{ "/var/lib/libvirt/dnsmasq", "", ".status", parse_libvirt_file, false },
	/* written by LXC's lxc-net, in Debian's place and in LXC's own */
	{ "/var/lib/misc", "dnsmasq.", ".leases", leases_parse_dnsmasq, true },
	{ "/var/lib/lxc-net", "dnsmasq.", ".leases", leases_parse_dnsmasq, true },
	{ "/var/lib/lxd/networks", "", "/dnsmasq.leases", leases_parse_dnsmasq, true },
	{ "/var/snap/lxd/common/lxd/networks", "", "/dnsmasq.leases", leases_parse_dnsmasq, true },
	{ "/var/lib/incus/networks", "", "/dnsmasq.leases", leases_parse_dnsmasq, true },
	{ "/var/lib/NetworkManager", "dnsmasq-", ".leases", leases_parse_dnsmasq, true },
	/* Servers that an administrator has configured: on Debian, and on Fedora */
	{ "/var/lib/misc", "dnsmasq.leases", NULL, leases_parse_dnsmasq, true },
	{ "/var/lib/dnsmasq", "dnsmasq.leases", NULL, leases_parse_dnsmasq, true },
	{ "/var/lib/dhcp", "dhcpd.leases", NULL, leases_parse_dhcpd, true },
	{ "/var/lib/dhcpd", "dhcpd.leases", NULL, leases_parse_dhcpd, true },
	{ "/var/lib/kea", "kea-leases4.csv", NULL, leases_parse_kea, true },
	{ "/var/lib/kea", "kea-leases6.csv", NULL, leases_parse_kea, true },
};

#define N_LEASE_FILES (ARRAY_SIZE(lease_files))

int leases_path(size_t n, const char *bridge, char path[static PATH_MAX])
{
	if (n >= N_LEASE_FILES)
		return -ENOENT;
	return snprintf(path, PATH_MAX, "%s/%s%s%s", lease_files[n].directory,
			lease_files[n].before, lease_files[n].after ? bridge : "",
			lease_files[n].after ? lease_files[n].after : "") < PATH_MAX
		       ? 0
		       : -ENAMETOOLONG;
}

/* A DUID-LLT or DUID-LL of Ethernet ends with the hardware address: RFC 8415, 11.2 and 11.4. */
static bool parse_duid(const char *text, struct hardware_address *hardware)
{
	size_t skip = strncmp(text, "00:01:00:01:", 12) == 0   ? 3 * 8
		      : strncmp(text, "00:03:00:01:", 12) == 0 ? 3 * 4
							       : 0;

	return skip && hardware_address_parse(text + skip, hardware) == 0;
}

bool lease_parse(const char *address, const char *hardware, const char *duid, uint64_t expiry,
		 struct lease *lease)
{
	struct machine_address parsed = { 0 };
	char zone[IF_NAMESIZE];

	if (address_parse(address, &parsed, zone) < 0)
		return false;
	*lease = (struct lease){ .family = parsed.family, .expiry = expiry ? expiry : UINT64_MAX };
	memcpy(lease->bytes, parsed.bytes, sizeof lease->bytes);
	lease->has_hardware =
		(hardware && hardware_address_parse(hardware, &lease->hardware) == 0) ||
		(duid && parse_duid(duid, &lease->hardware));
	return true;
}

void leases_add(struct leases *leases, struct arena *arena, const struct lease *lease)
{
	leases->items = arena_grow(arena, leases->items, leases->count, sizeof *lease);
	leases->items[leases->count++] = *lease;
}

/*
 * The lines are "EXPIRY HARDWARE ADDRESS NAME CLIENT-ID". A line with the server's
 * own DUID begins those of DHCPv6: "EXPIRY IAID ADDRESS NAME DUID".
 */
void leases_parse_dnsmasq(struct leases *leases, struct arena *arena, char *text)
{
	for (char *line, *lines = text; (line = line_next(&lines));) {
		char *rest, *end, *expiry = strtok_r(line, " ", &rest);
		char *hardware = expiry ? strtok_r(NULL, " ", &rest) : NULL;
		char *address = hardware ? strtok_r(NULL, " ", &rest) : NULL;
		char *name = address ? strtok_r(NULL, " ", &rest) : NULL;
		char *client = name ? strtok_r(NULL, " ", &rest) : NULL;
		unsigned long long seconds;
		struct lease lease;

		if (!client)
			continue;
		seconds = strtoull(expiry, &end, 10);
		if (!*end && lease_parse(address, hardware, client, seconds, &lease))
			leases_add(leases, arena, &lease);
	}
}

void leases_parse_libvirt(struct leases *leases, struct arena *arena, const char *text)
{
	json_object *array = json_tokener_parse(text);

	for (size_t i = 0;
	     json_object_is_type(array, json_type_array) && i < json_object_array_length(array);
	     i++) {
		json_object *object = json_object_array_get_idx(array, i), *expiry;
		const char *address = json_member_string(object, "ip-address");
		struct lease lease;

		if (address && json_object_object_get_ex(object, "expiry-time", &expiry) &&
		    json_object_get_int64(expiry) >= 0 &&
		    lease_parse(address, json_member_string(object, "mac-address"),
				json_member_string(object, "client-id"),
				(uint64_t) json_object_get_int64(expiry), &lease))
			leases_add(leases, arena, &lease);
	}
	json_object_put(array);
}

void leases_read(struct leases *leases, struct arena *arena, const char *bridge)
{
	char path[PATH_MAX];

	for (size_t n = 0; n < N_LEASE_FILES; n++) {
		size_t size;
		char *text;

		if (leases_path(n, bridge, path) == 0 &&
		    (lease_files[n].has_lines ? input_read_log_file : input_read_file_up_to)(
			    arena, path, LEASES_SIZE_MAX, &text, &size) == 0)
			lease_files[n].parse(leases, arena, text);
	}
}

bool lease_has_expired(const struct lease *lease)
{
	return lease->expiry != UINT64_MAX && lease->expiry <= (uint64_t) time(NULL);
}
