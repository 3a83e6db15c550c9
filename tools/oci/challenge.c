/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/oci/challenge.h"

#include <string.h>
#include <strings.h>

#define TOKEN_BYTES "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t,");
}

/* Parse the value of a parameter, quoted or not, and move `text` behind it. */
static const char *take_value(struct arena *arena, const char **text)
{
	char *value, *to;
	size_t length;

	if (**text != '"') {
		length = strcspn(*text, " \t,");
		value = arena_printf(arena, "%.*s", (int) length, *text);
		*text += length;
		return value;
	}
	value = to = arena_alloc(arena, strlen(*text) + 1);
	for (++*text; **text && **text != '"'; ++*text) {
		if (**text == '\\' && (*text)[1])
			++*text;
		*to++ = **text;
	}
	*text += **text == '"';
	return value;
}

void oci_challenge_parse(struct arena *arena, const char *text, struct oci_challenge *challenge)
{
	struct oci_challenge c = { .realm = "", .service = "" };
	bool is_bearer = false;

	for (text = skip_blanks(text); *text; text = skip_blanks(text)) {
		size_t length = strspn(text, TOKEN_BYTES);
		const char *word = text, *value;

		text += length;
		if (length == 0) {
			text++;
			continue;
		}
		text += strspn(text, " \t");
		if (*text != '=') {
			/* A scheme begins. */
			if (c.has_bearer && *c.realm)
				break;
			is_bearer = length == 6 && strncasecmp(word, "bearer", length) == 0;
			if (is_bearer)
				c = (struct oci_challenge){ true, "", "" };
			continue;
		}
		text++;
		text += strspn(text, " \t");
		value = take_value(arena, &text);
		if (is_bearer && length == 5 && strncasecmp(word, "realm", length) == 0)
			c.realm = value;
		if (is_bearer && length == 7 && strncasecmp(word, "service", length) == 0)
			c.service = value;
	}
	*challenge = c;
}
