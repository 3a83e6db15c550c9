/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A mount of the host's in a machine's mount namespace. It is made here, and attached by a
 * child that enters only that mount namespace and the user namespace that owns it. The child stays
 * in the host's pid namespace, so the machine's processes don't see it.
 */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "tools/enter/entrance.h"

#include <stdbool.h>

struct bind_mount {
	const char *here, *there;
	bool make_target;
	bool is_read_only;
};

/* 0, or -1 with a failure; then nothing is mounted. */
int bind_mount_make(const struct bind_mount *bind, const struct entrance *entrance,
		    struct notices *notices, struct failure *failure)
	__attribute__((nonnull(1, 2, 4), warn_unused_result));
