/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/size.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The digits behind a point. `text` goes behind them. */
static double take_fraction(const char **text)
{
	double fraction = 0, weight = 0.1;

	for (; isdigit((unsigned char) **text); ++*text, weight /= 10)
		fraction += weight * (**text - '0');
	return fraction;
}

/* The unit at the end: 1 if there is none, or 0 for anything else. */
static uint64_t unit_of(const char *text)
{
	static const char units[] = "BKMGTPE";
	const char *unit = *text ? strchr(units, toupper((unsigned char) *text)) : units;

	if (!unit || (*text && text[1]))
		return 0;
	return (uint64_t) 1 << (10 * (unit - units));
}

int size_parse(const char *text, uint64_t *bytes)
{
	unsigned long long whole;
	double fraction = 0;
	uint64_t unit, size;
	char *end;

	if (!isdigit((unsigned char) *text))
		return -EINVAL;
	errno = 0;
	whole = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	text = end;
	if (*text == '.' && isdigit((unsigned char) text[1])) {
		text++;
		fraction = take_fraction(&text);
	}
	unit = unit_of(text);
	if (!unit)
		return -EINVAL;
	if (__builtin_mul_overflow(whole, unit, &size) ||
	    __builtin_add_overflow(size, (uint64_t) ((double) unit * fraction + 0.5), &size) ||
	    size > INT64_MAX)
		return -ERANGE;
	*bytes = size;
	return 0;
}
