/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A terminal of a machine's own: pty(7). It is opened by a visitor in the
 * machine, so that what runs there finds it in its /dev/pts.
 */
#pragma once

#include <stdbool.h>

/*
 * For a visitor: open both ends, the other one without a path of the
 * machine's. New descriptors. 0, or a negative errno: -ENODEV where /dev has
 * something else in its place.
 */
int machine_terminal_open(int *master, int *slave);

/* For the caller: whether it is the master of a terminal. */
bool machine_terminal_is_master(int fd);
