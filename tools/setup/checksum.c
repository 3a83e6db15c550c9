/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/checksum.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#define WORDS  " Checksum of the rest: "
#define DIGITS 16

/* FNV-1a with 64 bits. It is about mistakes: whoever may write to the file needs no other way. */
static uint64_t compute(const char *text)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (const unsigned char *p = (const unsigned char *) text; *p; p++)
		sum = (sum ^ *p) * 0x100000001b3u;
	return sum;
}

char *checksum_put(struct arena *arena, const char *text, const char *mark)
{
	const char *end = strstr(text, mark);

	if (!end)
		return arena_strdup(arena, text);
	end += strlen(mark);
	return arena_printf(arena, "%.*s" WORDS "%0*" PRIx64 "%s", (int) (end - text), text, DIGITS,
			    compute(text), end);
}

bool checksum_is_wrong(struct arena *arena, const char *text, const char *mark)
{
	const char *end = strstr(text, mark), *digits;
	char *rest;

	if (!end)
		return false;
	end += strlen(mark);
	if (strncmp(end, WORDS, strlen(WORDS)) != 0)
		return false;
	digits = end + strlen(WORDS);
	rest = arena_printf(arena, "%.*s%s", (int) (end - text), text,
			    digits + strspn(digits, "0123456789abcdef"));
	return strcmp(checksum_put(arena, rest, mark), text) != 0;
}
