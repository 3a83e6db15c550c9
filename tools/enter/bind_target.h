/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The place in a machine that something is mounted on. For a visitor there. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>
#include <sys/types.h>

struct bind_target {
	const char *path;
	bool may_make; /* what is missing of it, directories on the way, too */
	mode_t type;   /* of what is mounted there */
	bool is_owned; /* what is made gets this owner; otherwise the visitor's */
	uid_t uid;
	gid_t gid;
};

/*
 * Open it, and check that it is of the right type, as the kernel has one error for all that may
 * be wrong with a mount. A descriptor, or -1 with a failure, to be prefixed by the path.
 */
int bind_target_open(const struct bind_target *target, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
