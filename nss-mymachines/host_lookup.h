/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding a host's machine, by way of the memo. */
#pragma once

#include "nss-mymachines/memo.h"
#include "registry/snapshot.h"

/* The machine points into this, or into the caller's buffer. */
struct host_lookup {
	struct snapshot snapshot; /* closed again */
	struct remembered_host remembered;
	struct machine machine;
	size_t length; /* bytes of the caller's buffer that are left for the result */
};

/*
 * Find the machine of a host name, or of an address, whose leader may be alive.
 * The end of `buffer` is used for a record that is too large for this struct.
 * 0; -ENOENT; -ERANGE if the buffer is too small; or another negative errno.
 */
int host_lookup_name(struct host_lookup *lookup, const char *name, char *buffer, size_t length);
int host_lookup_address(struct host_lookup *lookup, int family, const uint8_t *bytes, char *buffer,
			size_t length);
