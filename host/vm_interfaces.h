/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A VM's network as the host sees it: the host's interfaces that lead to the
 * VM, the VM's hardware addresses, and the neighbours that have these.
 */
#pragma once

#include "host/host_link.h"
#include "registry/record.h"

/* The caller releases it with vm_interfaces_done(). */
struct vm_interfaces {
	struct host_link *ports; /* the host's interfaces that lead to the VM */
	size_t n_ports;
	struct hardware_address *hardware; /* the VM's own */
	size_t n_hardware;
};

/*
 * Find the interfaces: those that are `given`, and the tap interfaces that the
 * leader has open, if the leader is in the caller's network namespace. The
 * hardware addresses are those on the emulator's command line
 * (mac=52:54:00:...) and those that libvirt derives the taps' addresses from.
 * If there are none, what bridges have learned about the ports. 0 or a
 * negative errno.
 */
int vm_interfaces_find(uint32_t pid, const struct machine_interface *given, size_t n_given,
		       struct vm_interfaces *vm);

void vm_interfaces_done(struct vm_interfaces *vm);

/*
 * Whether this hardware address on a segment belongs to the VM. A segment is a
 * bridge, or an interface in no bridge; behind a tap or a pair in no bridge is
 * nobody else.
 */
bool vm_is_at(const struct vm_interfaces *vm, uint32_t segment,
	      const struct hardware_address *hardware);

/*
 * Find the VM's addresses among the host's neighbours, ip-neighbour(8), at most
 * MACHINE_ADDRESSES_MAX. `addresses` becomes an array that the caller frees.
 * Returns how many, or a negative errno.
 */
int vm_interfaces_read_neighbours(const struct vm_interfaces *vm,
				  struct machine_address **addresses);
