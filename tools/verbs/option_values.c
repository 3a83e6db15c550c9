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
