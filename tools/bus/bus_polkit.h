/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who may call: root may do everything; anybody else what polkit allows, which
 * is asked without waiting for it. Without polkit on the bus, nobody else may.
 */
#pragma once

#include "tools/bus/bus.h"

/* Details of a question for polkit: pairs of a key and a value, with NULL behind the last. */
#define BUS_DETAILS_MAX 16

/* Whether polkit was asked about this call, and may have answered. */
bool bus_is_asked(struct bus *bus, sd_bus_message *call) __attribute__((nonnull));

/*
 * Whether the caller may do it. 1; 0 if polkit was asked, and the handler is
 * called again with the same message when it has answered, so the handler
 * returns 1 now; or the negative errno of an error. An answer that comes after
 * the caller has left, or too late, does nothing.
 */
int bus_authorize(struct bus *bus, sd_bus_message *call, sd_bus_message_handler_t handler,
		  void *userdata, const char *action, const char *const *details,
		  sd_bus_error *error) __attribute__((nonnull(1, 2, 3, 5, 6, 7)));
