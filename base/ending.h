/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names that end in a certain way, such as ".raw". */
#pragma once

#include <stddef.h>
#include <string.h>

/* How long a name is without this ending. 0 if it doesn't end so, or is nothing else. */
static inline size_t stem_length(const char *name, const char *ending)
{
	const size_t length = strlen(name), ending_length = strlen(ending);

	if (length <= ending_length || strcmp(name + length - ending_length, ending) != 0)
		return 0;
	return length - ending_length;
}
