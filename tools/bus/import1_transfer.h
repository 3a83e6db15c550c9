/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transfers that calls have started: the signals that tell the bus about them. */
#pragma once

#include "tools/bus/import1.h"

/* Follow how far they are. 0 or a negative errno. */
int import1_transfers_watch(struct import1 *import1) __attribute__((nonnull));

/* Start one for this user, and tell the bus. As transfer_child_start(). */
int import1_transfer_start(struct import1 *import1, uid_t user,
			   const struct transfer_request *request, uint32_t *id,
			   struct failure *failure) __attribute__((nonnull, warn_unused_result));
