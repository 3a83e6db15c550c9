/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which machine a login comes from: what PAM_RHOST means to the registry, and no DNS. */
#pragma once

#include "registry/snapshot.h"

struct origin {
	char folded[MACHINE_NAME_SIZE]; /* a name, or empty */
	struct machine_address address; /* without a name; host_interface if it needs one */
};

/*
 * Take PAM_RHOST apart: a name, or an address of IPv4, IPv6, or IPv4 in IPv6.
 *
 * 1; 0 where no machine can be meant: a local login, a loopback address, a
 * name that no machine can have, an interface that there isn't; or
 * -EINVAL where there is no telling what it is: neither a name nor an address,
 *         or a link-local IPv6 address without its interface
 * or what if_nametoindex(3) says.
 */
int origin_parse(const char *remote_host, struct origin *origin);

/*
 * The machine that it belongs to, whose leader lives for certain. 0; -ENOENT
 * where it is none's; or another negative errno of registry/snapshot.h, or of
 * leader_lives(), where there is no telling.
 */
int origin_find(struct snapshot *snapshot, const struct origin *origin, struct machine *machine);

/* Why there is none, for what the two return. */
const char *origin_error_words(int error);
