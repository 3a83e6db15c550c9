/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "did you mean": the known word that is nearest to a mistyped one. */
#pragma once

#include <stddef.h>

struct suggestion {
	const char *word;
	size_t length;
	const char *best; /* NULL if none is near */
	size_t distance;
};

struct suggestion suggestion_begin(const char *word, size_t length);

/* Take a known word into account. It is borrowed. */
void suggestion_consider(struct suggestion *suggestion, const char *known);
