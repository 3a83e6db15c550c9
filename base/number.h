/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers in text. In a header, because plug-ins link nothing more of base. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of a hexadecimal digit, or -1. */
static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Parse two hexadecimal digits for each of `size` bytes. False at anything else, a NUL included. */
static inline bool hex_decode(const char *text, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		int high = hex_digit(text[2 * i]);
		int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

		if (low < 0)
			return false;
		bytes[i] = (uint8_t) (high << 4 | low);
	}
	return true;
}

/* Parse plain decimal, as in /etc/passwd: no sign, no leading zero, below 2^32. 0 or -EINVAL. */
static inline int id_parse(const char *text, uint32_t *id)
{
	uint64_t value = 0;

	if (!*text || (text[0] == '0' && text[1]))
		return -EINVAL;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t) (*p - '0');
		if (value > UINT32_MAX)
			return -EINVAL;
	}
	*id = (uint32_t) value;
	return 0;
}
