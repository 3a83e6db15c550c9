/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A checksum in a file of ours, behind the mark by which we know it. It tells whether somebody has changed the
 * file since, also if it was another version of setup that wrote it.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

/* Returns the text, which has the mark, with its checksum. */
char *checksum_put(struct arena *arena, const char *text, const char *mark)
	__attribute__((nonnull));

/* Whether the text has a checksum, and not its own. Earlier versions of setup wrote none. */
bool checksum_is_wrong(struct arena *arena, const char *text, const char *mark)
	__attribute__((nonnull));
