/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A block of our own lines in a text that belongs to somebody else, between
 * two comments by which it is found again. Pure but for memory.
 */
#pragma once

#include "base/arena.h"

/*
 * Returns the text with these lines as its block, where the block is now, or at
 * the end. A NULL text is an empty one.
 */
char *marked_block_put(struct arena *arena, const char *text, const char *lines);

/*
 * Returns the text as it was before the block was put in, but for later edits;
 * NULL if there was nothing else in it.
 */
char *marked_block_remove(struct arena *arena, const char *text);
