/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses of machines: their form in the registry, their text, their order.
 * Pure: no I/O, no allocation.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum address_flags {
	ADDRESS_GIVEN = 1 << 0,	    /* named by whoever registered the machine, not found */
	ADDRESS_ON_BRIDGE = 1 << 1, /* of a bridge inside the machine */
};

/* Packed, because addresses are read where they lie in the registry's pages. */
struct machine_address {
	uint8_t family;		     /* AF_INET or AF_INET6 */
	uint8_t scope;		     /* RT_SCOPE_UNIVERSE, _SITE or _LINK: rtnetlink(7) */
	uint8_t flags;		     /* enum address_flags */
	uint8_t prefix_length;	     /* bits; 0 where it isn't known */
	uint32_t host_interface;     /* index of the host's interface that reaches it, or 0 */
	uint8_t bytes[16];	     /* network byte order; IPv4 in the first four, the rest 0 */
	char interface[IF_NAMESIZE]; /* its name in the machine, NUL-padded, or empty */
} __attribute__((packed));

/* "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255%interface" */
#define ADDRESS_TEXT_SIZE (46 + 1 + IF_NAMESIZE)

/* Bytes of an address of this family: 4, 16, or 0 for a family that has none here. */
size_t address_length(int family);

/* The RT_SCOPE_* that an address has by its value alone; RT_SCOPE_HOST for loopback. */
uint8_t address_scope(int family, const uint8_t *bytes);

/* Whether it could be anyone's address: not unspecified, loopback, multicast or broadcast. */
bool address_is_unicast(int family, const uint8_t *bytes);

/* IPv4-mapped IPv6, ::ffff:a.b.c.d: RFC 4291, section 2.5.5.2. The IPv4 bytes are the last four. */
bool address_is_mapped(const uint8_t bytes[static 16]);

/* An IPv6 address that means nothing without an interface. */
bool address_needs_interface(const struct machine_address *address);

/* The same address, reached through the same interface of the host's. */
bool address_equal(const struct machine_address *a, const struct machine_address *b);

/* Below, equal to or above 0, as a comes before, beside or after b in an answer. */
int address_compare(const struct machine_address *a, const struct machine_address *b);

/* Into that order; what is equal stays in the order that it was in. */
void addresses_sort(struct machine_address *addresses, size_t count);

/*
 * Add one in its place, behind what is equal to it, to `*count` of them in
 * that order. Where there is room for no more than `room`, the last one is
 * left out. Returns whether none was.
 */
bool addresses_insert(struct machine_address *addresses, size_t *count, size_t room,
		      const struct machine_address *address);

/*
 * Read "10.0.0.2", "fd00::2" or "fe80::2%ve-web1". A zone is copied to
 * `zone`, which is empty without one. An IPv4-mapped address becomes IPv4.
 * 0; -EINVAL for what is no address; -EADDRNOTAVAIL for one that no machine
 * can be reached at.
 */
int address_parse(const char *text, struct machine_address *address, char zone[static IF_NAMESIZE]);

/* Write it, with "%3" where it needs the host's interface 3. Returns text. */
char *address_format(const struct machine_address *address, char text[static ADDRESS_TEXT_SIZE]);
