/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Code that the Manager and the transfers' objects share. */
#pragma once

#include "base/failure.h"
#include "tools/bus/import1.h"
#include "tools/import/transfer.h"

#include <stdint.h>

/* Fill an error of the bus from a failure. Returns its negative errno. */
int import1_fail(sd_bus_error *error, const struct failure *failure) __attribute__((nonnull));

/* Answer a call that asks a transfer to stop, by `handler`, as handlers do. */
int import1_cancel(struct import1 *import1, sd_bus_message *call, sd_bus_message_handler_t handler,
		   uint32_t id, sd_bus_error *error) __attribute__((nonnull));
