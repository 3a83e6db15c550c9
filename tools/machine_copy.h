/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machines that outlive the snapshot that they were read from. */
#pragma once

#include "registry/record.h"
#include "tools/arena.h"

struct machine machine_copy(struct arena *arena, const struct machine *machine);
