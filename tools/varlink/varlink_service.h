/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.varlink.service, which each socket answers: what it is, and its interfaces. */
#pragma once

#include "tools/varlink/varlink_server.h"

extern const struct varlink_interface varlink_service_interface;

/* Answer a call of it for a socket that has these interfaces. */
void varlink_service_handle(struct varlink_call *call,
			    const struct varlink_interface *const *interfaces, size_t n_interfaces);
