/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions and requests of mymachines to the bus: options of the programs that answer. */
#pragma once

#include "base/failure.h"

#include <sys/types.h>

/* The process that owns the name; 0 if there is none. Nobody is started. 0, or -1 with a failure. */
int bus_ask_owner(const char *name, pid_t *pid, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Have the bus read its configuration again. 0, or -1 with a failure. */
int bus_ask_reload(struct failure *failure) __attribute__((nonnull, warn_unused_result));

/* Have the bus start who answers the name, if it knows how to. 0, or -1 with a failure. */
int bus_ask_start(const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/* Do what an option of a program that answers this name asks for, instead of answering. An exit status. */
int bus_ask_option(const char *name, const char *option) __attribute__((nonnull));
