/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pseudoterminal of the machine's own: pty(7). A visitor in the machine opens it, so
 * that the program that runs there finds it in its /dev/pts.
 */
#pragma once

#include <stdbool.h>

/*
 * For a visitor: open both ends; the slave isn't opened by a path, which the machine could
 * redirect. New descriptors. 0, or a negative errno: -ENODEV where /dev/ptmx is
 * something else.
 */
int machine_terminal_open(int *master, int *slave);

/* For the caller: whether the descriptor is the master of a pseudoterminal. */
bool machine_terminal_is_master(int fd);
