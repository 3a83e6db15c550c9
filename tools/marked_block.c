/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/marked_block.h"

#include <stdbool.h>
#include <string.h>

#define BEGIN "# Begin of what 'mymachines setup' wrote\n"
#define END   "# End of what 'mymachines setup' wrote\n"

/* Where a line begins that is this one. */
static const char *find_line(const char *text, const char *line)
{
	const char *found = text;

	while ((found = strstr(found, line)) && found != text && found[-1] != '\n')
		found++;
	return found;
}

/* Where the block begins, and behind its end: what has lost one of the two is none. */
static bool find_block(const char *text, const char **begin, const char **end)
{
	const char *next;

	*begin = find_line(text, BEGIN);
	*end = *begin ? find_line(*begin, END) : NULL;
	if (!*end)
		return false;
	while ((next = find_line(*begin + strlen(BEGIN), BEGIN)) && next < *end)
		*begin = next;
	*end += strlen(END);
	return true;
}

/* With a newline at its end, which the last line of a block may have lost. */
static const char *whole_lines(struct arena *arena, const char *text)
{
	return *text && text[strlen(text) - 1] != '\n' ? arena_printf(arena, "%s\n", text) : text;
}

char *marked_block_put(struct arena *arena, const char *text, const char *lines)
{
	const char *begin, *end;

	text = whole_lines(arena, text ? text : "");
	if (find_block(text, &begin, &end))
		return arena_printf(arena, "%.*s" BEGIN "%s" END "%s", (int) (begin - text), text,
				    lines, end);
	return arena_printf(arena, "%s" BEGIN "%s" END, text, lines);
}

char *marked_block_remove(struct arena *arena, const char *text)
{
	const char *whole, *begin, *end;

	if (!text)
		return NULL;
	whole = whole_lines(arena, text);
	if (!find_block(whole, &begin, &end))
		return arena_strdup(arena, text);
	return begin == whole && !*end
		       ? NULL
		       : arena_printf(arena, "%.*s%s", (int) (begin - whole), whole, end);
}
