/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a machine's network namespace says of its addresses, and which of the
 * host's interfaces lead to it: rtnetlink(7) through libmnl. Part of the
 * writing half.
 */
#pragma once

#include "host/reach.h"
#include "registry/record.h"

/* The caller's to release with machine_network_done(). */
struct machine_network {
	struct machine_link *links;
	size_t n_links;
	struct machine_address *addresses; /* in the order of address_compare() */
	size_t n_addresses;		   /* at most MACHINE_ADDRESSES_MAX */
	size_t n_left_out;		   /* usable ones beyond that */
	struct machine_interface *interfaces;
	size_t n_interfaces;
};

/*
 * Read the usable addresses in the network namespace of a process, given by
 * its pidfd: none of those that are tentative, deprecated or of host scope.
 * Nothing is found in the caller's own namespace: those are the host's. The
 * view is one of that. All addresses are claims until they are judged.
 * 0, -ENOTRECOVERABLE where the calling thread could not get back into its own
 * namespace, or another negative errno.
 */
int machine_network_read(int pidfd, uint32_t pid, struct host_view *view,
			 struct machine_network *network);

/*
 * Find out which of the addresses the host reaches: their flags become those
 * of reach_judge(). `former` are those of the machine's record, with what they
 * were judged to be.
 */
void machine_network_judge(struct machine_network *network, struct host_view *view,
			   const struct machine_address *former, size_t n_former);

void machine_network_done(struct machine_network *network);

/*
 * A socket in a network namespace, given by a descriptor of it or by a pidfd, that can
 * be read as soon as an interface or address has changed there; what it says is
 * of no interest. It doesn't block, keeps the namespace alive, and is the
 * caller's to close. `home` is a descriptor of the caller's own namespace.
 * Errors as above.
 */
int machine_network_listen(int network, int home);
