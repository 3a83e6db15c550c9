/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json_text.h"

#include <string.h>

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Returns the end of the string that begins here. */
static const char *skip_string(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

/* Returns the end of the value that begins here. */
static const char *skip_value(const char *p)
{
	size_t depth = 0;

	do {
		if (*p == '"')
			p = skip_string(p);
		else if (*p == '{' || *p == '[')
			depth++, p++;
		else if (*p == '}' || *p == ']')
			depth--, p++;
		else if (depth == 0)
			return p + strcspn(p, ",]} \t\r\n");
		else
			p += 1;
	} while (*p && depth > 0);
	return p;
}

static struct json_span span_at(const char *p)
{
	return (struct json_span){ p, skip_value(p) };
}

struct json_span json_text_root(const char *text)
{
	return span_at(skip_blanks(text));
}

/* Returns the beginning of a container's next item, or its closing bracket. */
static const char *next_item(const char *p)
{
	p = skip_blanks(p);
	return *p == ',' ? skip_blanks(p + 1) : p;
}

struct json_span json_text_member(struct json_span object, const char *key, int *count)
{
	struct json_span found = { 0 };
	const char *p = skip_blanks(object.begin + 1);

	*count = 0;
	while (*p == '"') {
		const char *end = skip_string(p);
		struct json_span value = span_at(skip_blanks(skip_blanks(end) + 1));

		if ((size_t) (end - p) == strlen(key) + 2 &&
		    strncmp(p + 1, key, strlen(key)) == 0) {
			found = value;
			++*count;
		}
		p = next_item(value.end);
	}
	return found;
}

struct json_span json_text_next(struct json_span array, struct json_span item)
{
	const char *p = item.begin ? next_item(item.end) : skip_blanks(array.begin + 1);

	return *p == ']' || !*p ? (struct json_span){ 0 } : span_at(p);
}

/* A newline and the indentation of lines at this depth; "" if the text is one line. */
static char *new_line(struct arena *arena, const char *text, int depth)
{
	const char *newline = strchr(text, '\n');
	char *line = arena_strdup(arena, "");
	size_t unit;

	if (!newline || !*skip_blanks(newline))
		return line;
	unit = strspn(newline + 1, newline[1] == '\t' ? "\t" : " ");
	line = arena_strdup(arena, "\n");
	for (int i = 0; i < depth; i++)
		line = arena_printf(arena, "%s%.*s", line, (int) unit, newline + 1);
	return line;
}

char *json_text_append(struct arena *arena, const char *text, struct json_span container, int depth,
		       const char *addition)
{
	const char *last = container.end - 1;
	bool is_empty;

	/* Find the end of the last item, or the opening bracket. */
	while (strchr(" \t\r\n", last[-1]))
		last--;
	is_empty = last == container.begin + 1;
	return arena_printf(arena, "%.*s%s%s%s%s%s", (int) (last - text), text, is_empty ? "" : ",",
			    new_line(arena, text, depth), addition,
			    is_empty ? new_line(arena, text, depth - 1) : "", last);
}

/* Returns the beginning of the value's key, or of the value itself if it has no key. */
static const char *begin_with_key(const char *text, const char *value)
{
	const char *p = value;

	while (p > text && strchr(" \t\r\n", p[-1]))
		p--;
	if (p == text || p[-1] != ':')
		return value;
	for (p--; p > text && p[-1] != '"'; p--)
		;
	/* The keys that are searched contain no quotes. */
	for (p--; p > text && p[-1] != '"'; p--)
		;
	return p - 1;
}

char *json_text_remove(struct arena *arena, const char *text, struct json_span value)
{
	const char *begin = begin_with_key(text, value.begin), *end = value.end,
		   *behind = skip_blanks(end);

	/*
	 * Remove the comma before the item. The first item has none: remove the comma
	 * after it, up to the next item.
	 */
	while (begin > text && strchr(" \t\r\n", begin[-1]))
		begin--;
	if (begin > text && begin[-1] == ',')
		begin--;
	else if (*behind == ',')
		end = behind + 1;
	else
		end = behind;
	return arena_printf(arena, "%.*s%s", (int) (begin - text), text, end);
}
