/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/file_name.h"

#include "base/ending.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool cut_ending(char *name, const char *const *endings)
{
	for (; *endings; endings++) {
		size_t stem = stem_length(name, *endings);

		if (stem == 0)
			continue;
		name[stem] = '\0';
		return true;
	}
	return false;
}

void file_name_to_image_name(const char *path, char name[static NAME_MAX + 1])
{
	static const char *const whole[] = { ".tgz", ".tbz2", ".txz", ".tzst", NULL };
	static const char *const compressions[] = { ".gz", ".xz", ".zst", ".bz2", NULL };
	static const char *const kinds[] = { ".tar", ".raw", ".qcow2", ".img", ".bin", NULL };
	size_t length = strlen(path);
	const char *begin;

	while (length > 1 && path[length - 1] == '/')
		length--;
	begin = memrchr(path, '/', length);
	begin = begin ? begin + 1 : path;
	length -= (size_t) (begin - path);
	if (length > NAME_MAX)
		length = NAME_MAX;
	memcpy(name, begin, length);
	name[length] = '\0';
	if (cut_ending(name, whole))
		return;
	(void) cut_ending(name, compressions);
	(void) cut_ending(name, kinds);
}
