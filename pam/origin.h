/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which machine a login comes from: what PAM_RHOST means to the registry, and no DNS. */
#pragma once

#include "registry/snapshot.h"

#include <stdbool.h>

struct origin {
	char folded[MACHINE_NAME_SIZE]; /* a name, or empty */
	struct machine_address address; /* without a name; host_interface if it needs one */
};

/*
 * Take PAM_RHOST apart: a name, or an address of IPv4, IPv6, or IPv4 in IPv6.
 * False where no machine can be meant: a local login, a loopback address, a
 * link-local IPv6 address without the interface that it was seen at.
 */
bool origin_parse(const char *remote_host, struct origin *origin);

/*
 * The live machine that it belongs to. 0; -ENOENT where it is none's; or
 * another negative errno of registry/snapshot.h.
 */
int origin_find(struct snapshot *snapshot, const struct origin *origin, struct machine *machine);
