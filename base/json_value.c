/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json_value.h"

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/format.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPED_NUL "\\u0000"
#define REPLACEMENT "\\ufffd"

/* Returns the next NUL that is written as ESCAPED_NUL, or NULL. */
static const char *find_escaped_nul(const char *text)
{
	while ((text = strchr(text, '\\'))) {
		if (strncmp(text, ESCAPED_NUL, strlen(ESCAPED_NUL)) == 0)
			return text;
		text += text[1] ? 2 : 1;
	}
	return NULL;
}

/* Strings in C end at a NUL, so keys, values and the text itself must not have one. */
static bool has_nul(const char *text, size_t length)
{
	return strlen(text) != length || find_escaped_nul(text);
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

/* Whether so many bytes of the text are digits, and perhaps a sign before them. */
static bool is_whole_number(const char *text, size_t length)
{
	size_t sign = *text == '-';

	return length > sign && strspn(text + sign, "0123456789") == length - sign;
}

/* Whether 64 bits have the number at the beginning of the text. They have no zero below zero. */
static bool has_room(const char *number)
{
	errno = 0;
	if (*number == '-')
		return strtoll(number, NULL, 10) != 0 && !errno;
	strtoull(number, NULL, 10);
	return !errno;
}

/*
 * The next whole number that json-c would change without a word: it makes 2^64 the greatest number
 * that it knows, and -0 zero. NULL behind the last. `end` becomes the end of the number.
 */
static const char *find_changed_number(const char *text, const char **end)
{
	bool is_in_string = false;

	while (*text) {
		/* Each byte is looked at a few times only: strings may be long, and have many digits. */
		size_t length = is_in_string ? 0 : strspn(text, "+-.0123456789eE");

		if (length && is_whole_number(text, length) && !has_room(text)) {
			*end = text + length;
			return text;
		}
		if (*text == '"')
			is_in_string = !is_in_string;
		else if (is_in_string && *text == '\\' && text[1])
			text++;
		text += length ? length : 1;
	}
	return NULL;
}

/*
 * The text with a fraction at each whole number that json-c would change, so that it is none to whoever
 * asks for one. Allocated; NULL if there is no such number.
 */
static char *mark_changed_numbers(const char *text, size_t *length)
{
	const char *end, *next = find_changed_number(text, &end);
	size_t size = *length + 1;
	char *marked, *to;

	if (!next)
		return NULL;
	for (; next; next = find_changed_number(end, &end))
		size += strlen(".0");
	to = marked = malloc(size);
	if (!marked)
		arena_out_of_memory();
	while ((next = find_changed_number(text, &end))) {
		to = mempcpy(mempcpy(to, text, (size_t) (end - text)), ".0", 2);
		text = end;
	}
	strcpy(to, text);
	*length = size - 1;
	return marked;
}

json_object *json_parse(const char *text, size_t length, const char **why)
{
	CLEANUP_FREE char *marked = NULL;
	json_tokener *tokener;
	json_object *object;

	/* A mark is shorter than the number and what stands behind it. */
	if (length > INT_MAX / 2 || has_nul(text, length)) {
		*why = "has a NUL";
		return NULL;
	}
	/* json-c also accepts overlong forms of UTF-8 and code points that Unicode doesn't allow. */
	if (!utf8_is_valid(text)) {
		*why = "is not valid UTF-8";
		return NULL;
	}
	marked = mark_changed_numbers(text, &length);
	text = marked ? marked : text;
	*why = NULL;
	tokener = json_tokener_new();
	if (!tokener)
		arena_out_of_memory();
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

json_object *json_parse_tolerant(char *text, size_t length, const char **why)
{
	const char *at = text;

	while ((at = find_escaped_nul(at)))
		memcpy(text + (at - text), REPLACEMENT, strlen(REPLACEMENT));
	utf8_repair(text);
	return json_parse(text, length, why);
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
