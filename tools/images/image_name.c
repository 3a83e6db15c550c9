/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/image_name.h"

#include "base/format.h"
#include "base/quote.h"

#include <string.h>

/* The reason why a name isn't valid, or NULL. */
static const char *find_fault(const char *name)
{
	if (!*name)
		return "is empty";
	if (strlen(name) > IMAGE_NAME_MAX)
		return "is longer than 230 bytes";
	if (strchr(name, '/'))
		return "has a slash in it";
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return "is a directory's name for itself";
	if (strncmp(name, ".#", 2) == 0)
		return "begins with \".#\", as names of temporary files do";
	if (strcmp(name, ".host") == 0)
		return "is this host's";
	if (!is_printable(name))
		return "has a control character in it, or isn't UTF-8";
	return NULL;
}

bool image_name_is_valid(const char *name)
{
	return !find_fault(name);
}

int image_name_check(const char *name, struct failure *f)
{
	const char *fault = find_fault(name);
	char quoted[QUOTED_SIZE];

	if (!fault)
		return 0;
	return failure_set(f, FAILURE_INVALID, "the name '%s' %s: no image can be called so",
			   quote(name, quoted), fault);
}
