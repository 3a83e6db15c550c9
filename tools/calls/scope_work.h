/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine in a scope of its own that systemd starts: a work_function(). */
#pragma once

#include "tools/calls/work.h"

struct register_work;
struct sd_bus_message;

/* For a former scope's end, systemd's job, and the registration. */
#define SCOPE_WORK_MS 45000

struct scope_work {
	const struct register_work *request;
	/* Its last argument has properties of the caller's for the scope. NULL: there are none. */
	struct sd_bus_message *call;
};

/*
 * Have systemd move the leader to a new scope, wait until it has, and register the machine. In a
 * child: the connection is its own. Where this was built without libsystemd, we make the scope.
 */
work_function scope_work;
