/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of a machine's state file in /run/systemd/machines, as libsystemd reads it. Pure. */
#pragma once

#include "base/arena.h"
#include "registry/record.h"

#include <stdbool.h>

/* Each state file of ours begins with this line. */
#define STATE_FILE_MARK "# Written by mymachines(1), for libsystemd. Do not edit or parse.\n"

/* The whole text, in the arena. */
const char *state_file_text(struct arena *arena, const struct machine *machine)
	__attribute__((nonnull));

/* Whether the text of a state file names this unit. */
bool state_file_has_unit(struct arena *arena, const char *text, const char *unit)
	__attribute__((nonnull));
