/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading JSON texts of others, strictly. */
#pragma once

#include <json-c/json.h>
#include <stddef.h>

struct arena;

/*
 * Parse a whole JSON text. Returns a new value, which the caller releases, or
 * NULL. `why` becomes the reason for an error; it is NULL if the text is "null".
 */
json_object *json_parse(const char *text, size_t length, const char **why);

/*
 * The same for a text in which words of others stand, as those of an image's author do in a runtime's:
 * where these have what json_parse() refuses, a NUL or bytes that aren't UTF-8, other characters stand
 * in the value, and the rest stays as it is. Changes the text.
 */
json_object *json_parse_tolerant(char *text, size_t length, const char **why);

/* The text of a JSON string that contains no NUL, or NULL. */
const char *json_string(json_object *value);

/* A member of this type, or NULL; NULL, too, where `object` is NULL or no object. */
json_object *json_member(json_object *object, const char *key, json_type type);

/* The text of a member that is a string without a NUL, or NULL. */
const char *json_member_string(json_object *object, const char *key);

/* The same in the arena, or "" if there is none. */
const char *json_member_text(struct arena *arena, json_object *object, const char *key);

/* For CLEANUP(). */
void json_value_done(json_object **value);
