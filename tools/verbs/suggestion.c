/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/suggestion.h"

#include <stdint.h>
#include <string.h>

/* Longer words aren't looked at. */
#define WORD_MAX 32

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/*
 * How many letters have to be added, removed or replaced, or swapped with their
 * neighbour, to make one word of the other.
 */
static size_t edit_distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= m; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			row[j] = smallest(above[j] + 1, row[j - 1] + 1,
					  above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return rows[n % 3][m];
}

struct suggestion suggestion_begin(const char *word, size_t length)
{
	/* A third of the letters, and two at most, may be wrong. */
	size_t tolerated = length / 3 < 2 ? length / 3 : 2;

	return (struct suggestion){ .word = word,
				    .length = length,
				    .distance = length > WORD_MAX ? 0 : tolerated + 1 };
}

void suggestion_consider(struct suggestion *s, const char *known)
{
	size_t length = strlen(known), distance;

	if (length > WORD_MAX || s->distance == 0)
		return;
	distance = edit_distance(s->word, s->length, known, length);
	if (distance < s->distance) {
		s->distance = distance;
		s->best = known;
	}
}
