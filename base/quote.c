/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/quote.h"

#include <stdio.h>
#include <string.h>

char *quote(const char *text, char quoted[static QUOTED_SIZE])
{
	char *to = quoted;
	size_t i;

	for (i = 0; text[i] && i < 80; i++) {
		unsigned char byte = (unsigned char) text[i];

		if (byte >= 0x20 && byte < 0x7f)
			*to++ = (char) byte;
		else
			to += sprintf(to, "\\x%02x", byte);
	}
	strcpy(to, text[i] ? "..." : "");
	return quoted;
}
