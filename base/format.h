/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The form of values in what the tools print. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 32 hexadecimal digits, as in machine-id(5). */
#define ID128_TEXT_SIZE 33
char *id128_format(const uint8_t id[static 16], char text[static ID128_TEXT_SIZE]);

/*
 * The length in bytes of the printable character that begins here; 0 if there is
 * none. Printable is valid UTF-8 (RFC 3629, section 4) that is neither a control
 * character nor an invisible one that changes how others are shown.
 */
size_t printable_length(const char *text);

/* Whether a text consists of such characters. */
bool is_printable(const char *text);

/* Whether a text is valid UTF-8 (RFC 3629, section 4). */
bool utf8_is_valid(const char *text);

/* Put a question mark in the place of each byte that belongs to no character of UTF-8. */
void utf8_repair(char *text);

/*
 * How many of these bytes are whole characters of UTF-8, if the last one may be cut off. Bytes that belong
 * to none count, too.
 */
size_t utf8_whole(const char *text, size_t size);

/*
 * Make a text that a machine or a user chose harmless for a terminal. Each byte
 * that doesn't belong to a printable character becomes \xNN, and so does the
 * backslash; if the locale isn't UTF-8, so does every byte that isn't ASCII.
 * `size` is the text's length.
 */
#define ESCAPED_SIZE(size) ((size_t) (size) *4 + 1)
char *escape(const char *text, char *escaped);

/* The same in the arena. NULL for NULL. */
char *arena_escape(struct arena *arena, const char *text);

/* The same for programs: as in a UTF-8 locale, whatever the locale is. */
char *escape_for_programs(const char *text, char *escaped);

/*
 * Rewrite a JSON text in ASCII, with other characters as \uNNNN. Its meaning stays
 * the same. In the arena.
 */
char *ascii_json(struct arena *arena, const char *json);

/* Undo escape(), in place: each \xNN becomes the byte. */
char *unescape(char *text);

/* "global", "site" or "link": ip-address(8). */
const char *scope_name(uint8_t scope);

/* "Sun 2026-11-22 22:51:03 UTC", in the local zone. */
#define TIME_TEXT_SIZE 64
char *time_format(uint64_t realtime_us, char text[static TIME_TEXT_SIZE]);

/*
 * "5min 12s ago", as systemd writes it: how long ago `then` was at `now`. Both are
 * in microseconds.
 */
#define AGO_TEXT_SIZE 64
char *ago_format(uint64_t then, uint64_t now, char text[static AGO_TEXT_SIZE]);

/* "512B", "12.3M": a number of bytes, as systemctl(1) shows it. */
#define CAPACITY_TEXT_SIZE 16
char *capacity_format(uint64_t bytes, char text[static CAPACITY_TEXT_SIZE]);

/* The number of terminal columns that a text takes. Continuation bytes of UTF-8 take none. */
size_t text_width(const char *text, size_t length);

/* Whether the locale is UTF-8. */
bool is_utf8(void);

/* "…" in a UTF-8 locale, "..." elsewhere. */
const char *ellipsis(void);

/*
 * Whether standard output is a terminal that supports colours, and the user hasn't
 * switched them off.
 */
bool wants_colors(void);
