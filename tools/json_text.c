/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/json_text.h"

#include <string.h>

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Behind the string that begins here. */
static const char *skip_string(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

/* Behind the value that begins here. */
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

/* Where the next item of a container begins, or its end. */
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

/* A newline and what lines so deep begin with in this text; nothing, if it is one line. */
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

	/* Behind the last item, or the bracket that opens. */
	while (strchr(" \t\r\n", last[-1]))
		last--;
	is_empty = last == container.begin + 1;
	return arena_printf(arena, "%.*s%s%s%s%s%s", (int) (last - text), text, is_empty ? "" : ",",
			    new_line(arena, text, depth), addition,
			    is_empty ? new_line(arena, text, depth - 1) : "", last);
}

/* Where the key of this value begins, or the value itself, if it has none. */
static const char *begin_with_key(const char *text, const char *value)
{
	const char *p = value;

	while (p > text && strchr(" \t\r\n", p[-1]))
		p--;
	if (p == text || p[-1] != ':')
		return value;
	for (p--; p > text && p[-1] != '"'; p--)
		;
	/* Keys that are looked for have no quotes in them. */
	for (p--; p > text && p[-1] != '"'; p--)
		;
	return p - 1;
}

char *json_text_remove(struct arena *arena, const char *text, struct json_span value)
{
	const char *begin = begin_with_key(text, value.begin), *end = value.end,
		   *behind = skip_blanks(end);

	/* With the comma before; or else, as the first, with the one behind, and up to the next. */
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
