/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host sees of a virtual machine's network: the interfaces that lead
 * to it, its hardware addresses, and the neighbours that have these. Part of
 * the writing half.
 */
#pragma once

#include "registry/host_link.h"
#include "registry/record.h"

/* The caller's to release with guest_done(). */
struct guest {
	struct host_link *ports; /* the host's interfaces that lead to it */
	size_t n_ports;
	struct hardware_address *hardware; /* the guest's own */
	size_t n_hardware;
};

/*
 * Find the interfaces of the machine: those that are `given`, the host's tap
 * interfaces that its leader has open, if that is in the caller's network
 * namespace. Its hardware addresses are those that
 * the emulator's command line has (mac=52:54:00:...); those that libvirt gives
 * the taps', but for the first byte; and where there are none, what its ports'
 * bridges have learned. 0 or a negative errno.
 */
int guest_find(uint32_t pid, const struct machine_interface *given, size_t n_given,
	       struct guest *guest);

void guest_done(struct guest *guest);

/*
 * Whether `hardware` on this segment, which is a bridge or an interface that is
 * in none, is the guest. Nobody else can be on a tap or a pair in no bridge.
 */
bool guest_is_at(const struct guest *guest, uint32_t segment,
		 const struct hardware_address *hardware);

/*
 * The guest's addresses among the host's neighbours, ip-neighbour(8): at most
 * MACHINE_ADDRESSES_MAX, an array of the caller's to free. Returns how many,
 * or a negative errno.
 */
int guest_read_neighbours(const struct guest *guest, struct machine_address **addresses);
