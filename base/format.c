/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/format.h"

#include "base/array_size.h"

#include <inttypes.h>
#include <langinfo.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

char *id128_format(const uint8_t id[static 16], char text[static ID128_TEXT_SIZE])
{
	for (size_t i = 0; i < 16; i++)
		sprintf(text + 2 * i, "%02x", id[i]);
	return text;
}

/* The length of the UTF-8 character that begins here (RFC 3629, section 4), or 0 if none does. */
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

bool utf8_is_valid(const char *text)
{
	const unsigned char *bytes = (const unsigned char *) text;
	size_t length = 1;

	while (*bytes && (length = utf8_length(bytes)))
		bytes += length;
	return length;
}

void utf8_repair(char *text)
{
	size_t length;

	for (; *text; text += length) {
		length = utf8_length((const unsigned char *) text);
		if (!length) {
			*text = '?';
			length = 1;
		}
	}
}

size_t utf8_whole(const char *text, size_t size)
{
	const unsigned char *bytes = (const unsigned char *) text;

	for (size_t back = 1; back <= 3 && back <= size; back++) {
		unsigned char byte = bytes[size - back];

		if ((byte & 0xc0) == 0x80)
			continue;
		if (byte >= 0xc0 && back < (byte >= 0xf0 ? 4u : byte >= 0xe0 ? 3u : 2u))
			return size - back;
		break;
	}
	return size;
}

/* Decode a character of so many bytes of valid UTF-8. */
static uint32_t utf8_decode(const unsigned char *bytes, size_t length)
{
	static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t point = bytes[0] & masks[length];

	for (size_t i = 1; i < length; i++)
		point = point << 6 | (bytes[i] & 0x3f);
	return point;
}

/*
 * Invisible characters that change how others are shown, such as the direction of
 * a line: Unicode categories Cf, Zl and Zp.
 */
static bool is_invisible(uint32_t point)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00ad, 0x00ad },   { 0x0600, 0x0605 },   { 0x061c, 0x061c },
		{ 0x06dd, 0x06dd },   { 0x070f, 0x070f },   { 0x0890, 0x0891 },
		{ 0x08e2, 0x08e2 },   { 0x180e, 0x180e },   { 0x200b, 0x200f },
		{ 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0xfeff, 0xfeff },
		{ 0xfff9, 0xfffb },   { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd },
		{ 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

size_t printable_length(const char *text)
{
	const unsigned char *bytes = (const unsigned char *) text;
	size_t length;

	if (bytes[0] < 0x80)
		return bytes[0] >= 0x20 && bytes[0] != 0x7f;
	/* Terminals obey C1 control characters, U+0080 to U+009F, like C0 ones. */
	if (bytes[0] == 0xc2 && bytes[1] < 0xa0)
		return 0;
	length = utf8_length(bytes);
	return length && is_invisible(utf8_decode(bytes, length)) ? 0 : length;
}

bool is_printable(const char *text)
{
	size_t length;

	while ((length = printable_length(text)) > 0)
		text += length;
	return !*text;
}

static char *escape_some(const char *text, char *escaped, bool ascii_only)
{
	char *to = escaped;

	while (*text) {
		size_t length = printable_length(text);

		if (length > 0 && *text != '\\' && !(ascii_only && length > 1)) {
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

char *escape(const char *text, char *escaped)
{
	/* A terminal of another encoding may take a byte within a character for a C1 control. */
	return escape_some(text, escaped, !is_utf8());
}

char *escape_for_programs(const char *text, char *escaped)
{
	return escape_some(text, escaped, false);
}

char *arena_escape(struct arena *arena, const char *text)
{
	return text ? escape(text, arena_alloc(arena, ESCAPED_SIZE(strlen(text)))) : NULL;
}

char *ascii_json(struct arena *arena, const char *json)
{
	char *ascii = arena_alloc(arena, strlen(json) * 6 + 1), *to = ascii;

	while (*json) {
		const unsigned char *bytes = (const unsigned char *) json;
		size_t length = utf8_length(bytes);
		uint32_t point = length ? utf8_decode(bytes, length) : 0xfffd;

		json += length ? length : 1;
		if (point < 0x80)
			*to++ = (char) point;
		else if (point < 0x10000)
			to += sprintf(to, "\\u%04x", point);
		else
			to += sprintf(to, "\\u%04x\\u%04x", 0xd800 + ((point - 0x10000) >> 10),
				      0xdc00 + ((point - 0x10000) & 0x3ff));
	}
	*to = '\0';
	return ascii;
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
	/* The same lengths as in systemd. They are averages, so leap days don't matter. */
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

char *capacity_format(uint64_t bytes, char text[static CAPACITY_TEXT_SIZE])
{
	static const char units[] = "BKMGTPE";
	double shown = (double) bytes;
	size_t i = 0;

	for (; shown >= 1024 && units[i + 1]; i++)
		shown /= 1024;
	snprintf(text, CAPACITY_TEXT_SIZE, "%.*f%c", i ? 1 : 0, shown, units[i]);
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

/* NO_COLOR: no-color.org. */
bool wants_colors(void)
{
	const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}
