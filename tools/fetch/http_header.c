/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/fetch/http_header.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Parse a decimal number below 2^63, and move behind it. */
static bool take_number(const char **text, uint64_t *number)
{
	const char *p = *text;
	uint64_t value = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (value > (INT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (uint64_t) (*p - '0');
	}
	if (p == *text)
		return false;
	*text = p;
	*number = value;
	return true;
}

static bool take_character(const char **text, char c)
{
	if (**text != c)
		return false;
	++*text;
	return true;
}

bool content_range_parse(const char *text, struct content_range *range)
{
	struct content_range r = { 0 };

	if (strncasecmp(text, "bytes ", 6) != 0)
		return false;
	text += 6;
	text += strspn(text, " ");
	if (!take_number(&text, &r.first) || !take_character(&text, '-') ||
	    !take_number(&text, &r.last) || !take_character(&text, '/') ||
	    !take_number(&text, &r.total) || *text)
		return false;
	if (r.first > r.last || r.last >= r.total)
		return false;
	*range = r;
	return true;
}

bool etag_is_strong(const char *etag)
{
	size_t length = strlen(etag);

	if (length < 3 || etag[0] != '"' || etag[length - 1] != '"')
		return false;
	for (size_t i = 1; i < length - 1; i++)
		if ((unsigned char) etag[i] <= ' ' || etag[i] == '"' || etag[i] == 0x7f)
			return false;
	return true;
}
