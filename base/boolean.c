/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/boolean.h"

#include "base/array_size.h"

#include <errno.h>
#include <stddef.h>
#include <strings.h>

int boolean_parse(const char *text, bool *value)
{
	static const char *const words[2][6] = { { "no", "false", "off", "0", "n", "f" },
						 { "yes", "true", "on", "1", "y", "t" } };

	for (int truth = 0; truth < 2; truth++)
		for (size_t i = 0; i < ARRAY_SIZE(words[truth]); i++)
			if (strcasecmp(text, words[truth][i]) == 0) {
				*value = truth;
				return 0;
			}
	return -EINVAL;
}
