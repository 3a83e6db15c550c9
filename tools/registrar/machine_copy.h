/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies of machines, which outlive the snapshot that they were read from. */
#pragma once

#include "base/arena.h"
#include "registry/record.h"

/* The texts of the copy are in the arena. */
struct machine_system machine_system_copy(struct arena *arena, const struct machine_system *system)
	__attribute__((nonnull, warn_unused_result));

struct machine machine_copy(struct arena *arena, const struct machine *machine)
	__attribute__((nonnull, warn_unused_result));
