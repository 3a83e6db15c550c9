/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/images/image_name.h"

#include "base/format.h"
#include "base/quote.h"
#include "tools/images/image.h"
#include "tools/images/side_files.h"

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

static int name_failure(struct failure *f, const char *name, const char *fault)
{
	char quoted[QUOTED_SIZE];

	return failure_set(f, FAILURE_INVALID, "the name '%s' %s: no image can be called so",
			   quote(name, quoted), fault);
}

int image_name_check(const char *name, struct failure *f)
{
	const char *fault = find_fault(name);

	return fault ? name_failure(f, name, fault) : 0;
}

int image_name_check_new(const char *name, enum image_kind kind, struct failure *f)
{
	if (image_name_check(name, f) < 0)
		return -1;
	/* The file of a disk has another ending: "web.nspawn.raw". */
	if (kind != IMAGE_RAW && side_files_has(name))
		return name_failure(f, name, "is that of a file beside another image");
	return 0;
}
