/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One of the host's interfaces, as far as it leads to a machine. Part of the writing half. */
#pragma once

#include "registry/netlink.h"

#include <stdbool.h>
#include <stdint.h>

/* Of Ethernet. */
struct hardware_address {
	uint8_t bytes[6];
};

/* Read "52:54:00:12:34:56", whatever comes after it. 0 or -EINVAL. */
int hardware_address_parse(const char *text, struct hardware_address *address);

struct host_link {
	uint32_t index;
	uint32_t stands_for; /* index of the bridge that it is a port of, or its own */
	bool is_bridge_port;
	bool is_tap;	 /* of the kind tun: tun and tap interfaces */
	bool is_private; /* a tap or one of a pair: nobody but a machine is behind it */
	struct hardware_address address; /* all 0 if it has none of that kind */
};

/* Whether interfaces of this kind come in pairs: veth(4), netkit. */
bool link_kind_is_pair(const char *kind);

/* Ask the caller's network namespace for it. 0, -ENODEV, or another negative errno. */
int host_link_read(struct netlink *host, uint32_t index, struct host_link *link);

/*
 * The host's interface that stands for this one towards the machine: the
 * bridge that it is a port of, or itself. Returns its index, or a negative errno.
 */
int host_interface_for(uint32_t index);
