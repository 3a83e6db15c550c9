/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * io.systemd.Resolve.Hook: addresses of machines for systemd-resolved 259 and
 * 260, which asks before it asks the network. It reads the published registry
 * and nothing else.
 */
#pragma once

#include "tools/varlink/varlink_server.h"

extern const struct varlink_interface resolve_hook_interface;

/* Have clients told when there are other machines. 0, or -1 with a failure. */
int resolve_hook_begin(struct varlink_server *server, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
