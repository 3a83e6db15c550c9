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

/*
 * What is known of an address. One that is neither given nor anything that the
 * host has seen is a claim of the machine's own.
 */
enum address_flags {
	ADDRESS_GIVEN = 1 << 0,	       /* named by whoever registered the machine, not found */
	ADDRESS_ON_BRIDGE = 1 << 1,    /* of a bridge inside the machine */
	ADDRESS_ROUTED = 1 << 2,       /* the host's packets for it go to the machine */
	ADDRESS_LEASED = 1 << 3,       /* the host's own DHCP server has leased it to the machine */
	ADDRESS_BESIDE = 1 << 4,       /* on a network past the host: macvlan, ipvlan, a device */
	ADDRESS_FORWARD_ONLY = 1 << 5, /* on a bridge of the host's, which hasn't seen it yet */
	ADDRESS_CONTESTED = 1 << 6,    /* of the last two only, and another machine has it */
};

/* The bits that each look at the host sets again. */
#define ADDRESS_SEEN (ADDRESS_ROUTED | ADDRESS_LEASED | ADDRESS_BESIDE | ADDRESS_FORWARD_ONLY)

/* Packed, because addresses are read in place, in the registry's pages. */
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

/* Bytes of an address of this family: 4, 16, or 0 for any other family. */
size_t address_length(int family);

/* The RT_SCOPE_* that an address has by its value alone; RT_SCOPE_HOST for loopback. */
uint8_t address_scope(int family, const uint8_t *bytes);

/* Whether a machine can have it: it isn't unspecified, loopback, multicast or broadcast. */
bool address_is_unicast(int family, const uint8_t *bytes);

/* IPv4-mapped IPv6, ::ffff:a.b.c.d: RFC 4291, section 2.5.5.2. The IPv4 bytes are the last four. */
bool address_is_mapped(const uint8_t bytes[static 16]);

/* Whether the host takes it as true: names lead to it, and it leads back to the machine. */
bool address_is_true(const struct machine_address *address);

/* "given", "routed", "leased", "forward-only", "beside" or "claimed". */
const char *address_standing_name(const struct machine_address *address);

/*
 * Those that are answered to the machine's name come first, in their order,
 * then the others in theirs. Answered are true ones and those forward only; if
 * there are none but those that need an interface, those beside, too; never
 * those that another machine has, or claims. Returns how many are answered.
 */
size_t addresses_divide(struct machine_address *addresses, size_t count);

/* Whether it is ambiguous without an interface: link-local IPv6. */
bool address_needs_interface(const struct machine_address *address);

/* The same address, reached through the same interface of the host's. */
bool address_equal(const struct machine_address *a, const struct machine_address *b);

/* Below, equal to or above 0: a comes before b in an answer, both are equal, or it comes after. */
int address_compare(const struct machine_address *a, const struct machine_address *b);

/* Sort them into that order. Equal ones keep their order. */
void addresses_sort(struct machine_address *addresses, size_t count);

/*
 * Add one in its place, after equal ones, to `*count` addresses in that order.
 * If there are `room` already, the last one is dropped. Returns whether none
 * was.
 */
bool addresses_insert(struct machine_address *addresses, size_t *count, size_t room,
		      const struct machine_address *address);

/*
 * Read "10.0.0.2", "fd00::2" or "fe80::2%ve-web1". A zone is copied to
 * `zone`, which is empty without one. An IPv4-mapped address becomes IPv4.
 * 0; -EINVAL for text that is not an address; -EADDRNOTAVAIL for an address that
 * no machine can have.
 */
int address_parse(const char *text, struct machine_address *address, char zone[static IF_NAMESIZE]);

/* Write it, with "%3" where it needs the host's interface 3. Returns text. */
char *address_format(const struct machine_address *address, char text[static ADDRESS_TEXT_SIZE]);

/* The same, with " (claimed)" or what else it is, unless it is true. */
#define ADDRESS_MARKED_SIZE (ADDRESS_TEXT_SIZE + 16)
char *address_format_marked(const struct machine_address *address,
			    char text[static ADDRESS_MARKED_SIZE]);
