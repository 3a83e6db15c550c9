/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening the way into the machine that was named on the command line. */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/enter/entrance.h"

/*
 * Find the machine and open its entrance. `vm_words` is why it can't be done to a VM, or NULL.
 * 0, or -1 with a failure. Close the entrance in either case. The registry is closed again: nothing
 * of it is to be in the memory of a visitor, or open for hours.
 */
int verb_entrance_open(const char *name, const char *vm_words, struct entrance *entrance,
		       struct failure *failure)
	__attribute__((nonnull(1, 3, 4), warn_unused_result));

/* A list that reports warnings at once. */
struct notices verb_notices(void);
