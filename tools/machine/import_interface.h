/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * io.systemd.Import: transfers of images, for clients of systemd-importd's Varlink interface. An edge over
 * mymachines-import, which does each transfer in a process of its own, and shares the code that starts
 * it with org.freedesktop.import1.
 */
#pragma once

#include "tools/varlink/varlink_server.h"

extern const struct varlink_interface import_interface;

/* Follow transfers, before the first call. 0, or -1 with a failure. */
int import_begin(struct varlink_server *server, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
