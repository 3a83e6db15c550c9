/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc(1), the client of LXD, and whether the daemon that answers it is of LXD's snap. Only files tell: on
 * Ubuntu, to run a program of this name may install the snap.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

struct lxd_client {
	const char *
		program; /* to run; NULL if LXD's snap isn't installed, and lxc(1) would install it */
	bool is_of_snap; /* hooks run in the snap, where the host's programs aren't */
};

struct lxd_client lxd_client_find(struct arena *arena) __attribute__((nonnull));
