/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of a text, one by one. */
#pragma once

#include <string.h>

/*
 * Cut the next line that isn't empty from the text at `*rest`, without its
 * newline, and move `*rest` behind it. NULL at the end, or where `*rest` is
 * NULL:
 *
 *	for (char *line, *rest = text; (line = line_next(&rest));)
 */
static inline char *line_next(char **rest)
{
	char *line;

	while ((line = strsep(rest, "\n")))
		if (*line)
			return line;
	return NULL;
}

/* The value of a line "key = value", with what follows it, or NULL if the line sets another key. */
static inline const char *line_value(const char *line, const char *key)
{
	line += strspn(line, " \t");
	if (strncmp(line, key, strlen(key)) != 0)
		return NULL;
	line += strlen(key);
	line += strspn(line, " \t");
	return *line == '=' ? line + 1 + strspn(line + 1, " \t") : NULL;
}
