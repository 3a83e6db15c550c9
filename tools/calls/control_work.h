/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unregistering, ending and signalling a machine: each is a work_function(). */
#pragma once

#include "tools/calls/target.h"
#include "tools/calls/work.h"
#include "tools/control/machine_signal.h"

/* For the writer's lock, which may be held for ten seconds, and for the processes' end. */
#define CONTROL_WORK_MS 30000

/* A machine, and the name by which the caller knows it. An alias alone goes if it is that. */
struct unregister_work {
	const struct call_target *target;
	const char *name;
};

work_function unregister_work;

/* End it and unregister it. The argument is a struct call_target. */
work_function terminate_work;

struct kill_work {
	const struct call_target *target;
	enum signal_target whom;
	int signal;
};

work_function kill_work;
