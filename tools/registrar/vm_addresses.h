/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses of a VM, from the host's neighbours and the leases on its bridges. */
#pragma once

#include "base/arena.h"
#include "host/host_view.h"
#include "host/vm_interfaces.h"

/*
 * Find the addresses that are leased to the VM, and its neighbours' entries,
 * without those whose lease has expired or is another machine's. They are
 * sorted, in the arena. Returns how many, or a negative errno.
 */
int vm_addresses(const struct vm_interfaces *vm, struct host_view *view, struct arena *arena,
		 const struct machine_address **addresses)
	__attribute__((nonnull, warn_unused_result));
