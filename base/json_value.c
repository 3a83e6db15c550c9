/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json_value.h"

#include "base/arena.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

/*
 * Strings in C end at a NUL, so keys, values and the text itself must not have
 * one. "\\u0000" is one, too.
 */
static bool has_nul(const char *text, size_t length)
{
	if (strlen(text) != length)
		return true;
	while ((text = strchr(text, '\\'))) {
		if (strncmp(text + 1, "u0000", 5) == 0)
			return true;
		text += text[1] ? 2 : 1;
	}
	return false;
}

/*
 * Whether a text that json-c has accepted is JSON. Even when it is strict, json-c takes keys in single
 * quotes, "NaN" and "Infinity", which other readers of the text don't.
 */
static bool is_json(const char *text)
{
	bool is_in_string = false;

	for (; *text; text++) {
		if (*text == '"')
			is_in_string = !is_in_string;
		else if (is_in_string && *text == '\\')
			text++;
		else if (!is_in_string && strchr("'NI", *text))
			return false;
	}
	return true;
}

json_object *json_parse(const char *text, size_t length, const char **why)
{
	json_tokener *tokener = json_tokener_new();
	json_object *object;

	if (!tokener)
		arena_out_of_memory();
	*why = NULL;
	if (length > INT_MAX - 1 || has_nul(text, length)) {
		*why = "has a NUL";
		json_tokener_free(tokener);
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	/* Pass the NUL as well: only then are a bare number or a cut object reported as errors. */
	object = json_tokener_parse_ex(tokener, text, (int) length + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success)
		*why = json_tokener_error_desc(json_tokener_get_error(tokener));
	else if (!is_json(text))
		*why = "a key is in single quotes, or a number isn't finite";
	json_tokener_free(tokener);
	if (*why) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

const char *json_string(json_object *value)
{
	const char *text =
		json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;

	return text && strlen(text) == (size_t) json_object_get_string_len(value) ? text : NULL;
}

json_object *json_member(json_object *object, const char *key, json_type type)
{
	json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return json_object_is_type(value, type) ? value : NULL;
}

const char *json_member_string(json_object *object, const char *key)
{
	return json_string(json_member(object, key, json_type_string));
}

const char *json_member_text(struct arena *arena, json_object *object, const char *key)
{
	const char *text = json_member_string(object, key);

	return text ? arena_strdup(arena, text) : "";
}

void json_value_done(json_object **value)
{
	json_object_put(*value);
}
