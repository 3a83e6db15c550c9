/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A mount of the host's in a machine's mount namespace. Made here, and put there by a child that
 * is in that namespace, and in the user namespace that owns it, but in no other of the
 * machine's: nobody there sees it.
 */
#pragma once

#include "tools/entrance.h"

#include <stdbool.h>

struct bind_mount {
	const char *here, *there;
	bool make_target;
	bool is_read_only;
};

/* 0, or -1 after it has said what is wrong; then nothing is mounted. */
int bind_mount_make(const struct bind_mount *bind, const struct entrance *entrance);
