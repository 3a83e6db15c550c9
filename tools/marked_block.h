/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines of our own in a text that is somebody else's, between two comments by
 * which they are found again. Pure but for memory.
 */
#pragma once

#include "tools/arena.h"

/* The text, NULL being an empty one, with these lines as its block, at the end if it has none. */
char *marked_block_put(struct arena *arena, const char *text, const char *lines);

/* The text without its block: NULL if nothing else was in it. */
char *marked_block_remove(struct arena *arena, const char *text);
