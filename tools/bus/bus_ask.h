/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What mymachines wants to know of the bus, or to have done: options of mymachines-bus. */
#pragma once

#include "base/failure.h"

#include <sys/types.h>

/* The process that owns the name; 0 if there is none. Nobody is started. 0, or -1 with a failure. */
int bus_ask_owner(pid_t *pid, struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Have the bus read its configuration again. 0, or -1 with a failure. */
int bus_ask_reload(struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Have the bus start who answers, if it knows how to. 0, or -1 with a failure. */
int bus_ask_start(struct failure *failure) __attribute__((nonnull, warn_unused_result));
