/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/calls/os_release_text.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>

/* One line, with its quotes taken off in place. False if it is not an assignment. */
static bool split_assignment(char *line, const char **value)
{
	size_t length = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"), n;

	if (!length || line[length] != '=')
		return false;
	line[length] = '\0';
	line += length + 1;
	n = strlen(line);
	if (n >= 2 && strchr("\"'", *line) && line[n - 1] == *line) {
		line[n - 1] = '\0';
		line++;
	}
	*value = line;
	return true;
}

static bool is_plain_text(const char *text)
{
	for (; *text; text++)
		if ((unsigned char) *text < 0x20 || (unsigned char) *text > 0x7e)
			return false;
	return true;
}

bool os_release_next(char **text, const char **key, const char **value)
{
	char *line;

	while (**text) {
		line = *text;
		*text += strcspn(line, "\n");
		if (**text)
			*(*text)++ = '\0';
		if (split_assignment(line, value) && is_plain_text(*value)) {
			*key = line;
			return true;
		}
	}
	return false;
}

json_object *os_release_to_json(const char *text, size_t size)
{
	CLEANUP_FREE char *copy = strndup(text, size);
	json_object *list = json_object_new_array();
	const char *key, *value;
	char *rest = copy;

	while (copy && os_release_next(&rest, &key, &value)) {
		CLEANUP_FREE char *line = NULL;

		if (asprintf(&line, "%s=%s", key, value) < 0) {
			line = NULL;
			break;
		}
		json_object_array_add(list, json_object_new_string(line));
	}
	return list;
}
