/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

size_t address_length(int family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

/* RFC 3927 for 169.254/16; RFC 4291, section 2.4, for fe80::/10; RFC 3879 for fec0::/10. */
uint8_t address_scope(int family, const uint8_t *bytes)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (family == AF_INET) {
		if (bytes[0] == 127)
			return RT_SCOPE_HOST;
		return bytes[0] == 169 && bytes[1] == 254 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	}
	if (memcmp(bytes, loopback, 16) == 0)
		return RT_SCOPE_HOST;
	if (bytes[0] != 0xfe)
		return RT_SCOPE_UNIVERSE;
	switch (bytes[1] & 0xc0) {
	case 0x80: return RT_SCOPE_LINK;
	case 0xc0: return RT_SCOPE_SITE;
	default: return RT_SCOPE_UNIVERSE;
	}
}

bool address_is_unicast(int family, const uint8_t *bytes)
{
	static const uint8_t unspecified[16];

	if (address_scope(family, bytes) == RT_SCOPE_HOST)
		return false;
	if (family == AF_INET)
		return bytes[0] != 0 && bytes[0] < 224;
	/* An IPv6 socket would treat it as IPv4 and might reach the host itself. */
	if (address_is_mapped(bytes))
		return false;
	return bytes[0] != 0xff && memcmp(bytes, unspecified, 16) != 0;
}

bool address_is_mapped(const uint8_t bytes[static 16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(bytes, prefix, sizeof prefix) == 0;
}

bool address_needs_interface(const struct machine_address *address)
{
	return address->family == AF_INET6 && address->scope == RT_SCOPE_LINK;
}

bool address_is_true(const struct machine_address *address)
{
	return address->flags & (ADDRESS_GIVEN | ADDRESS_ROUTED | ADDRESS_LEASED);
}

const char *address_standing_name(const struct machine_address *address)
{
	static const struct {
		uint8_t flag;
		const char *name;
	} names[] = { { ADDRESS_GIVEN, "given" },
		      { ADDRESS_ROUTED, "routed" },
		      { ADDRESS_LEASED, "leased" },
		      { ADDRESS_CONTESTED, "claimed" },
		      { ADDRESS_FORWARD_ONLY, "forward-only" },
		      { ADDRESS_BESIDE, "beside" } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (address->flags & names[i].flag)
			return names[i].name;
	return "claimed";
}

static bool is_answered(const struct machine_address *address, bool also_beside)
{
	if (address_is_true(address))
		return true;
	if (address->flags & ADDRESS_CONTESTED)
		return false;
	return address->flags & ADDRESS_FORWARD_ONLY ||
	       (also_beside && address->flags & ADDRESS_BESIDE);
}

size_t addresses_divide(struct machine_address *addresses, size_t count)
{
	bool also_beside = true;
	size_t answered = 0;

	for (size_t i = 0; i < count; i++)
		if (!address_needs_interface(&addresses[i]) && is_answered(&addresses[i], false))
			also_beside = false;
	for (size_t i = 0; i < count; i++) {
		struct machine_address moving = addresses[i];

		if (!is_answered(&moving, also_beside))
			continue;
		memmove(&addresses[answered + 1], &addresses[answered],
			(i - answered) * sizeof *addresses);
		addresses[answered++] = moving;
	}
	addresses_sort(addresses, answered);
	addresses_sort(addresses + answered, count - answered);
	return answered;
}

bool address_equal(const struct machine_address *a, const struct machine_address *b)
{
	return a->family == b->family && a->host_interface == b->host_interface &&
	       memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* Scopes grow as they get smaller: 0 universe, 200 site, 253 link. */
int address_compare(const struct machine_address *a, const struct machine_address *b)
{
	int bridge = (a->flags & ADDRESS_ON_BRIDGE) - (b->flags & ADDRESS_ON_BRIDGE);

	if (bridge)
		return bridge;
	if (a->scope != b->scope)
		return a->scope - b->scope;
	/* AF_INET is below AF_INET6. */
	return a->family - b->family;
}

/* Insertion sort: it is stable, and there are few addresses, mostly in order already. */
void addresses_sort(struct machine_address *addresses, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct machine_address moving = addresses[i];
		size_t at = i;

		for (; at > 0 && address_compare(&addresses[at - 1], &moving) > 0; at--)
			addresses[at] = addresses[at - 1];
		addresses[at] = moving;
	}
}

bool addresses_insert(struct machine_address *addresses, size_t *count, size_t room,
		      const struct machine_address *address)
{
	size_t first = 0, last = *count;

	while (first < last) {
		size_t middle = (first + last) / 2;

		if (address_compare(&addresses[middle], address) <= 0)
			first = middle + 1;
		else
			last = middle;
	}
	if (first == room)
		return false;
	last = *count < room ? *count : room - 1;
	memmove(&addresses[first + 1], &addresses[first], (last - first) * sizeof *addresses);
	addresses[first] = *address;
	if (*count == room)
		return false;
	++*count;
	return true;
}

static int bytes_parse(char *text, struct machine_address *address)
{
	uint8_t bytes[16] = { 0 };

	if (inet_pton(AF_INET, text, bytes) == 1) {
		address->family = AF_INET;
	} else if (inet_pton(AF_INET6, text, bytes) == 1) {
		address->family = AF_INET6;
		if (address_is_mapped(bytes)) {
			address->family = AF_INET;
			memmove(bytes, bytes + 12, 4);
			memset(bytes + 4, 0, 12);
		}
	} else {
		return -EINVAL;
	}
	memcpy(address->bytes, bytes, 16);
	return 0;
}

int address_parse(const char *text, struct machine_address *address, char zone[static IF_NAMESIZE])
{
	struct machine_address parsed = { 0 };
	char bare[INET6_ADDRSTRLEN];
	size_t length = strcspn(text, "%");
	const char *rest = text + length;

	if (length >= sizeof bare)
		return -EINVAL;
	memcpy(bare, text, length);
	bare[length] = '\0';
	if (bytes_parse(bare, &parsed) < 0)
		return -EINVAL;
	if (*rest && (!rest[1] || strlen(rest + 1) >= IF_NAMESIZE || parsed.family != AF_INET6))
		return -EINVAL;
	if (!address_is_unicast(parsed.family, parsed.bytes))
		return -EADDRNOTAVAIL;
	parsed.scope = address_scope(parsed.family, parsed.bytes);
	strcpy(zone, *rest ? rest + 1 : "");
	*address = parsed;
	return 0;
}

char *address_format(const struct machine_address *address, char text[static ADDRESS_TEXT_SIZE])
{
	inet_ntop(address->family, address->bytes, text, INET6_ADDRSTRLEN);
	if (address_needs_interface(address) && address->host_interface)
		sprintf(text + strlen(text), "%%%u", address->host_interface);
	return text;
}

char *address_format_marked(const struct machine_address *address,
			    char text[static ADDRESS_MARKED_SIZE])
{
	address_format(address, text);
	if (!address_is_true(address))
		sprintf(text + strlen(text), " (%s)", address_standing_name(address));
	return text;
}
