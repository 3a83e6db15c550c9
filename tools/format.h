/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How values look in what the tools print. */
#pragma once

#include "registry/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 32 hexadecimal digits, as machine-id(5) has them. */
#define ID128_TEXT_SIZE 33
char *id128_format(const uint8_t id[static 16], char text[static ID128_TEXT_SIZE]);

/*
 * Bytes of the character that begins here, if it is good UTF-8 (RFC 3629,
 * section 4) and no control character; 0 otherwise.
 */
size_t printable_length(const char *text);

/*
 * A name that the machine or a path chose, made harmless for a terminal and
 * good UTF-8: bytes below 0x20, 0x7f, the backslash and what isn't UTF-8 as
 * \xNN. `size` is the text's length.
 */
#define ESCAPED_SIZE(size) ((size_t) (size) *4 + 1)
char *escape(const char *text, char *escaped);

/* The inverse, in place: every \xNN becomes the byte. */
char *unescape(char *text);

/* "global", "site" or "link": ip-address(8). */
const char *scope_name(uint8_t scope);

/* "Sun 2026-11-22 22:51:03 UTC", in the local zone. */
#define TIME_TEXT_SIZE 64
char *time_format(uint64_t realtime_us, char text[static TIME_TEXT_SIZE]);

/* "5min 12s ago", as systemd has it: how long it was at `now`, both in microseconds. */
#define AGO_TEXT_SIZE 64
char *ago_format(uint64_t then, uint64_t now, char text[static AGO_TEXT_SIZE]);

/* Columns of a terminal that the text takes: bytes of UTF-8 that go on a character take none. */
size_t text_width(const char *text, size_t length);

/* Whether the terminal can show what isn't ASCII. */
bool is_utf8(void);

/* "…" where the terminal can show it. */
const char *ellipsis(void);
