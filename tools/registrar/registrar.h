/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registering machines: observe their leaders, merge that with what was given
 * and the former record, apply the records under the lock, publish, and follow
 * up. HACKING.md has the whole way.
 */
#pragma once

#include "base/notices.h"
#include "tools/registrar/registration.h"

struct registrar_options {
	bool replace;	  /* remove a live machine that has the name or the leader */
	bool force;	  /* also a process that has no namespace of its own */
	bool is_starting; /* whoever starts the machines asks: their ids may still change */
};

/*
 * Register all of these, with one publication. 0, or -1 with a failure that
 * begins with the registration's subject, and nothing is published. That a new
 * machine is in no unit is a hint.
 */
int register_machines(const struct registration *registrations, size_t count,
		      const struct registrar_options *options, struct notices *notices,
		      struct failure *failure) __attribute__((nonnull(3, 5), warn_unused_result));
