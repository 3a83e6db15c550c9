/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Clients whose Register has failed: tools/calls/refused.h. A client is a process here, because many open a
 * connection for each call.
 */
#pragma once

#include "tools/varlink/varlink_server.h"

#include <stdbool.h>

/* The caller begins to register the name: until it has succeeded, it counts as refused. */
void machine_refused_note(const struct varlink_call *call, const char *name)
	__attribute__((nonnull));

/* Whether the caller counts as refused. It is forgotten then: each refusal is for one call. */
bool machine_refused_forget(const struct varlink_call *call, const char *name)
	__attribute__((nonnull));
