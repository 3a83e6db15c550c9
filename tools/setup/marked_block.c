/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/marked_block.h"

#include "base/array_size.h"

#include <stdbool.h>
#include <string.h>

/* The second is for a text whose last line had no newline, which it loses again later. */
static const char *const begins[] = {
	"# Begin of what 'mymachines setup' wrote",
	"# Begin of what 'mymachines setup' wrote, behind a line without its end",
};

static const char end_line[] = "# End of what 'mymachines setup' wrote";

struct block {
	const char *begin;
	const char *end;    /* behind the comment that ends it */
	bool added_newline; /* the newline before it is ours, too */
	bool has_crlf;
};

/*
 * Returns what is behind this line if the text begins with it, or NULL. An editor may have put
 * blanks at its end, such as the CR of an editor for Windows.
 */
static const char *skip_line(const char *text, const char *line)
{
	if (strncmp(text, line, strlen(line)) != 0)
		return NULL;
	text += strlen(line);
	text += strspn(text, " \t\r");
	return *text == '\n' ? text + 1 : NULL;
}

/* Returns where this line begins, or NULL. */
static const char *find_line(const char *text, const char *line)
{
	const char *found = text;

	while ((found = strstr(found, line)) &&
	       ((found != text && found[-1] != '\n') || !skip_line(found, line)))
		found++;
	return found;
}

/* Returns the last line that begins a block before `end`, or NULL. */
static const char *find_last_begin(const char *text, const char *begin_line, const char *end)
{
	const char *last = NULL, *at = text;

	while ((at = find_line(at, begin_line)) && at < end) {
		last = at;
		at = skip_line(at, begin_line);
	}
	return last;
}

/* Find a block that has both of its comments. */
static bool find_block(const char *text, struct block *block)
{
	const char *end = text;

	*block = (struct block){ 0 };
	while ((end = find_line(end, end_line)) && !block->begin) {
		for (size_t i = 0; i < ARRAY_SIZE(begins); i++) {
			const char *begin = find_last_begin(text, begins[i], end);

			if (begin && begin > block->begin) {
				block->begin = begin;
				block->added_newline = i == 1;
				block->has_crlf = skip_line(begin, begins[i])[-2] == '\r';
			}
		}
		end = skip_line(end, end_line);
		block->end = end;
	}
	return block->begin != NULL;
}

static bool lacks_newline(const char *text)
{
	return *text && text[strlen(text) - 1] != '\n';
}

/* The last line of a block, too, may have lost its newline. */
static const char *add_newline(struct arena *arena, const char *text)
{
	return lacks_newline(text) ? arena_printf(arena, "%s\n", text) : text;
}

/* How much stands behind the block in the text itself, without the newline that add_newline() put there. */
static int length_behind(const char *text, const struct block *block)
{
	size_t length = strlen(block->end);

	return (int) (length > 0 && lacks_newline(text) ? length - 1 : length);
}

char *marked_block_put(struct arena *arena, const char *text, const char *lines)
{
	const char *whole = add_newline(arena, text ? text : ""), *begin_line;
	struct block block;

	if (find_block(whole, &block))
		return arena_printf(arena, "%.*s%s\n%s%s\n%.*s", (int) (block.begin - whole), whole,
				    begins[block.added_newline], lines, end_line,
				    length_behind(text, &block), block.end);
	begin_line = begins[text && lacks_newline(text)];
	return arena_printf(arena, "%s%s\n%s%s\n", whole, begin_line, lines, end_line);
}

char *marked_block_remove(struct arena *arena, const char *text)
{
	const char *whole;
	struct block block;
	size_t before;

	if (!text)
		return NULL;
	whole = add_newline(arena, text);
	if (!find_block(whole, &block))
		return arena_strdup(arena, text);
	before = (size_t) (block.begin - whole);
	if (before == 0 && !*block.end)
		return NULL;
	/* Lines that somebody has written behind the block need the newline. */
	if (block.added_newline && before > 0 && !*block.end) {
		before--;
		before -= block.has_crlf && before > 0 && whole[before - 1] == '\r';
	}
	return arena_printf(arena, "%.*s%.*s", (int) before, whole, length_behind(text, &block),
			    block.end);
}
