/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Adding a member or an item to a JSON text, and removing it, while every other
 * byte stays as it is. Printed anew, a text would lose its layout and numbers that
 * no C type holds. For texts that json_parse() has accepted.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* A value within its text. NULL if there is none. */
struct json_span {
	const char *begin;
	const char *end;
};

/* The value that the whole text consists of. */
struct json_span json_text_root(const char *text);

/* The value of a key in an object. `count` becomes the number of members with this key. */
struct json_span json_text_member(struct json_span object, const char *key, int *count);

/* The item after `item` in an array; the first one if item.begin is NULL. */
struct json_span json_text_next(struct json_span array, struct json_span item);

/*
 * The text with `addition` at the end of an object or array that is `depth` levels
 * deep. If the text has several lines, the addition gets a line of its own.
 */
char *json_text_append(struct arena *arena, const char *text, struct json_span container, int depth,
		       const char *addition);

/* The text without an item, or without a value and its key. The comma is removed, too. */
char *json_text_remove(struct arena *arena, const char *text, struct json_span value);
