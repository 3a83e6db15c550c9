/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/hidden_name.h"

#include "base/array_size.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define RANDOM_DIGITS 12

/* Endings after the random number, in names that are made here. */
static const char *const endings[] = {
	[HIDDEN_DRAFT] = "",
	[HIDDEN_OLD] = ".old",
};

/* It only has to differ from other names, so don't wait for randomness early in the boot. */
static uint64_t random_number(void)
{
	struct timespec now;
	uint64_t number;

	if (getrandom(&number, sizeof number, GRND_NONBLOCK) == (ssize_t) sizeof number)
		return number;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t) now.tv_nsec << 20 ^ (uint64_t) now.tv_sec << 16 ^ (uint64_t) getpid();
}

void hidden_name_make(char hidden[static NAME_MAX + 1], const char *name, enum hidden_kind kind)
{
	snprintf(hidden, NAME_MAX + 1, ".#%s.%012llx%s", name,
		 (unsigned long long) (random_number() & 0xffffffffffff), endings[kind]);
}

/* Remove an ending from the text, whose length is `length`. Returns whether the text had it. */
static bool take_ending(const char *text, size_t *length, const char *ending)
{
	size_t size = strlen(ending);

	if (*length < size || memcmp(text + *length - size, ending, size) != 0)
		return false;
	*length -= size;
	return true;
}

/* Remove ".RANDOM". */
static bool take_random(const char *text, size_t *length)
{
	const char *random;

	if (*length < RANDOM_DIGITS + 2)
		return false;
	random = text + *length - RANDOM_DIGITS;
	if (random[-1] != '.')
		return false;
	for (int i = 0; i < RANDOM_DIGITS; i++)
		if (!strchr("0123456789abcdef", random[i]))
			return false;
	*length -= RANDOM_DIGITS + 1;
	return true;
}

static void set_name(char *name, const char *text, size_t length)
{
	memcpy(name, text, length);
	name[length] = 0;
}

enum hidden_kind hidden_name_parse(const char *hidden, char name[static NAME_MAX + 1])
{
	const char *text = hidden + 2;
	size_t length;

	if (strncmp(hidden, ".#", 2) != 0 || strlen(hidden) > NAME_MAX)
		return HIDDEN_OTHER;
	for (size_t i = ARRAY_SIZE(endings); i-- > 0;) {
		length = strlen(text);
		if (take_ending(text, &length, endings[i]) && take_random(text, &length)) {
			set_name(name, text, length);
			return (enum hidden_kind) i;
		}
	}
	length = strlen(text);
	if (!take_ending(text, &length, ".lck"))
		return HIDDEN_OTHER;
	set_name(name, text, length);
	return HIDDEN_LOCK;
}
