/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hook must not delay or fail the start of a machine, so a child process does
 * its work, with limits on time and memory.
 */
#pragma once

#include "base/failure.h"

/*
 * From now on, end this process and the child with this exit status if the
 * hook takes too long. Writing a message may take too long as well.
 */
void hook_guard_start(int exit_status);

/*
 * Run this in a child; its return value is the exit status. Returns that of
 * the child, or -1 with a failure if there was none or a signal killed it.
 */
int hook_guard_run(int (*work)(void *data), void *data, struct failure *failure)
	__attribute__((nonnull(1, 3), warn_unused_result));
