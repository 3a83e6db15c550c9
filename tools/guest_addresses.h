/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A VM's addresses: what the host's neighbours and the leases on its bridges say of them. */
#pragma once

#include "registry/guest.h"
#include "tools/arena.h"

/*
 * The addresses of the guest, sorted, in the arena: those leased to it, and
 * its neighbours, but none whose lease has expired or is somebody else's.
 * Returns how many, or a negative errno.
 */
int guest_addresses(const struct guest *guest, struct arena *arena,
		    const struct machine_address **addresses);
