/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Putting a member or item into a JSON text, and taking it out, with every
 * other byte left as it is: printed anew, a text loses its layout, and numbers
 * that no C type holds. For texts that json_parse() has taken. Pure but for memory.
 */
#pragma once

#include "tools/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* A value, by where it begins and ends in its text; NULL where there is none. */
struct json_span {
	const char *begin;
	const char *end;
};

/* The value that is the whole text. */
struct json_span json_text_root(const char *text);

/* The value of a key, as it is written, in an object. `count` becomes how often it is there. */
struct json_span json_text_member(struct json_span object, const char *key, int *count);

/* The item after `item` in an array; the first for one that is NULL. */
struct json_span json_text_next(struct json_span array, struct json_span item);

/*
 * The text with this at the end of one of its objects or arrays, `depth` deep in it, on a line of its
 * own if the text has lines.
 */
char *json_text_append(struct arena *arena, const char *text, struct json_span container, int depth,
		       const char *addition);

/* The text without an item, or without a value and its key; and the comma that goes with it. */
char *json_text_remove(struct arena *arena, const char *text, struct json_span value);
