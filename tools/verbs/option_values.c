/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/option_values.h"

#include "tools/describe/json.h"
#include "tools/verbs/command_line.h"

#include <string.h>

int set_true(void *member, const char *value, struct failure *f)
{
	(void) value;
	(void) f;
	*(bool *) member = true;
	return 0;
}

int set_false(void *member, const char *value, struct failure *f)
{
	(void) value;
	(void) f;
	*(bool *) member = false;
	return 0;
}

int set_text(void *member, const char *value, struct failure *f)
{
	(void) f;
	*(const char **) member = value;
	return 0;
}

int set_full_text(void *member, const char *value, struct failure *f)
{
	if (!*value)
		return usage_failure(f, "is empty");
	return set_text(member, value, f);
}

int set_json_mode(void *member, const char *value, struct failure *f)
{
	enum json_mode *mode = member;

	if (strcmp(value, "short") == 0)
		*mode = JSON_SHORT;
	else if (strcmp(value, "pretty") == 0)
		*mode = JSON_PRETTY;
	else if (strcmp(value, "off") == 0)
		*mode = JSON_OFF;
	else
		return usage_failure(f, "is neither short, pretty nor off");
	return 0;
}

bool is_one_of(const char *value, const char *words)
{
	size_t length = strlen(value);

	for (const char *word = words; *word; word += strspn(word, " ")) {
		size_t word_length = strcspn(word, " ");

		if (word_length == length && strncmp(word, value, length) == 0)
			return true;
		word += word_length;
	}
	return false;
}

int set_output_mode(void *member, const char *value, struct failure *f)
{
	enum json_mode *mode = member;

	if (!is_one_of(value, OUTPUT_MODES " help"))
		return usage_failure(f, "machinectl(1) has no such output mode");
	if (strcmp(value, "json-pretty") == 0)
		*mode = JSON_PRETTY;
	else if (strcmp(value, "json-seq") == 0)
		*mode = JSON_SEQ;
	else if (strcmp(value, "json-sse") == 0)
		*mode = JSON_SSE;
	else if (strcmp(value, "json") == 0)
		*mode = JSON_SHORT;
	return 0;
}

int check_output_mode(void *member, const char *value, struct failure *f)
{
	enum json_mode mode;

	(void) member;
	return set_output_mode(&mode, value, f);
}

bool is_variable_name(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", text[i]) &&
		    (i == 0 || !strchr("0123456789", text[i])))
			return false;
	return length > 0;
}
