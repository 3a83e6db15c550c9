/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of one pid namespace, without a look at all others. */
#pragma once

#include "base/arena.h"

#include <stdint.h>

/*
 * The pids of all processes in a pid namespace and in those inside it, as the caller sees them,
 * unsorted, in the arena. `namespace` is a descriptor of it. Returns how many, or a negative errno:
 * -EPERM without privileges; -EACCES if its processes could do harm to one that looks there, as they have
 * no user namespace of their own.
 */
long namespace_processes_read(struct arena *arena, int namespace, uint32_t **pids);
