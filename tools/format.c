/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/format.h"

#include <inttypes.h>
#include <langinfo.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

char *id128_format(const uint8_t id[static 16], char text[static ID128_TEXT_SIZE])
{
	for (size_t i = 0; i < 16; i++)
		sprintf(text + 2 * i, "%02x", id[i]);
	return text;
}

/* Bytes of the UTF-8 character that begins here, by RFC 3629, section 4; 0 if none does. */
static size_t utf8_length(const unsigned char *text)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length;

	if (text[0] < 0x80)
		return 1;
	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		length = 2;
	else if (text[0] >= 0xe0 && text[0] <= 0xef)
		length = 3;
	else if (text[0] >= 0xf0 && text[0] <= 0xf4)
		length = 4;
	else
		return 0;
	switch (text[0]) {
	case 0xe0: low = 0xa0; break;
	case 0xed: high = 0x9f; break;
	case 0xf0: low = 0x90; break;
	case 0xf4: high = 0x8f; break;
	}
	if (text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

size_t printable_length(const char *text)
{
	const unsigned char *bytes = (const unsigned char *) text;

	if (bytes[0] < 0x80)
		return bytes[0] >= 0x20 && bytes[0] != 0x7f;
	/* C1 control characters, U+0080 to U+009F, move terminals as C0 ones do. */
	return bytes[0] == 0xc2 && bytes[1] < 0xa0 ? 0 : utf8_length(bytes);
}

char *escape(const char *text, char *escaped)
{
	char *to = escaped;

	while (*text) {
		size_t length = printable_length(text);

		if (length > 0 && *text != '\\') {
			memcpy(to, text, length);
			to += length;
			text += length;
		} else {
			to += sprintf(to, "\\x%02x", (unsigned char) *text++);
		}
	}
	*to = '\0';
	return escaped;
}

char *unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		unsigned int byte;
		int length = 0;

		if (sscanf(from, "\\x%2x%n", &byte, &length) == 1 && length == 4 && byte)
			*to++ = (char) byte;
		else
			*to++ = *from, length = 1;
		from += length;
	}
	*to = '\0';
	return text;
}

const char *scope_name(uint8_t scope)
{
	return scope < RT_SCOPE_SITE ? "global" : scope < RT_SCOPE_LINK ? "site" : "link";
}

char *time_format(uint64_t realtime_us, char text[static TIME_TEXT_SIZE])
{
	time_t seconds = (time_t) (realtime_us / 1000000u);
	struct tm local;

	if (!localtime_r(&seconds, &local) ||
	    strftime(text, TIME_TEXT_SIZE, "%a %Y-%m-%d %H:%M:%S %Z", &local) == 0)
		text[0] = '\0';
	return text;
}

char *ago_format(uint64_t then, uint64_t now, char text[static AGO_TEXT_SIZE])
{
	enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY };
	/* As in systemd, so that years have no leap days' dates to shift. */
	enum { MONTH = 2629800, YEAR = 31557600 };
	static const struct {
		unsigned int from, unit; /* seconds */
		const char *name;
		unsigned int rest_unit;
		const char *rest_name;
	} steps[] = {
		{ YEAR, YEAR, " years ", MONTH, " months" },
		{ MONTH, MONTH, " months ", DAY, " days" },
		{ WEEK, WEEK, " weeks ", DAY, " days" },
		{ 2 * DAY, DAY, " days", 0, NULL },
		{ 25 * HOUR, DAY, " day ", HOUR, "h" },
		{ 6 * HOUR, HOUR, "h", 0, NULL },
		{ HOUR, HOUR, "h ", MINUTE, "min" },
		{ 5 * MINUTE, MINUTE, "min", 0, NULL },
		{ MINUTE, MINUTE, "min ", 1, "s" },
		{ 1, 1, "s", 0, NULL },
	};
	uint64_t us = now > then ? now - then : then - now, seconds = us / 1000000u;
	const char *end = now >= then ? "ago" : "left";
	size_t i = 0;

	if (us < 1000000u) {
		sprintf(text,
			us >= 1000u ? "%ums %s"
			: us	    ? "%uus %s"
				    : "now",
			(unsigned int) (us >= 1000u ? us / 1000u : us), end);
		return text;
	}
	while (seconds < steps[i].from)
		i++;
	if (steps[i].rest_unit)
		snprintf(text, AGO_TEXT_SIZE, "%" PRIu64 "%s%" PRIu64 "%s %s",
			 seconds / steps[i].unit, steps[i].name,
			 seconds % steps[i].unit / steps[i].rest_unit, steps[i].rest_name, end);
	else
		snprintf(text, AGO_TEXT_SIZE, "%" PRIu64 "%s %s", seconds / steps[i].unit,
			 steps[i].name, end);
	return text;
}

size_t text_width(const char *text, size_t length)
{
	size_t width = 0;

	for (size_t i = 0; i < length; i++)
		width += ((unsigned char) text[i] & 0xc0) != 0x80;
	return width;
}

bool is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

const char *ellipsis(void)
{
	return is_utf8() ? "\u2026" : "...";
}
