/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the host would send a packet for an address that a machine has: to
 * that machine, or elsewhere. What a machine configures on its own interfaces
 * is a claim; only the host's own routes, neighbours and bridges make it true.
 * Nothing is asked here but the view.
 */
#pragma once

#include "host/host_view.h"
#include "registry/address.h"

/* An interface in the machine. */
struct machine_link {
	uint32_t index;
	char name[IF_NAMESIZE];
	uint32_t host_end; /* index of the host's end of a pair, or 0 */
	uint32_t
		host_interface; /* which stands for that end: the bridge that it is a port of, or it */
	bool is_bridge;
	/* It is on a network of its own, past the host: a macvlan, an ipvlan, or a passed-through device. */
	bool is_beside;
};

/* The ways by which the host reaches a machine. */
struct reach {
	struct host_view *view;
	const uint32_t *ends; /* indexes of the host's interfaces that lead to it */
	size_t n_ends;
	size_t n_questions_max; /* that may be noted in the view for this machine */
};

/*
 * Whether a route with so many bits of prefix is a default route: also where it
 * is two halves, as VPNs have it. None of the Internet's addresses becomes the
 * machine's that is the gateway to it.
 */
bool reach_is_default(int family, uint8_t prefix_length);

/*
 * Judge an address that stands on `link` in the machine, which may be NULL: of
 * a VM it isn't known. Returns ADDRESS_ROUTED, _BESIDE, _FORWARD_ONLY, or 0 for
 * a claim.
 *
 * `was_routed` says that it was ADDRESS_ROUTED before: this stays true while the
 * host has only forgotten it, and nothing contradicts it. Otherwise the
 * neighbour that the kernel doesn't know is noted as a question in the view:
 * once it was asked, judge again.
 */
uint8_t reach_judge(struct reach *reach, const struct machine_address *address,
		    const struct machine_link *link, bool was_routed);
