/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/mountinfo.h"

#include <stdio.h>
#include <string.h>

/* The kernel writes space, tab, newline and backslash as \040, \011, \012 and \134. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		unsigned int byte;
		int length;

		if (*p == '\\' && sscanf(p + 1, "%3o%n", &byte, &length) == 1) {
			*to++ = (char) byte;
			p += length;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
}

bool mount_parse(char *line, struct mount *mount)
{
	char *rest, *device;

	if (!strtok_r(line, " ", &rest) || !strtok_r(NULL, " ", &rest))
		return false;
	device = strtok_r(NULL, " ", &rest);
	mount->root = strtok_r(NULL, " ", &rest);
	mount->point = strtok_r(NULL, " ", &rest);
	/* Optional fields end with a "-". */
	mount->type = rest ? strstr(rest, "- ") : NULL;
	if (!mount->point || !mount->type ||
	    sscanf(device, "%u:%u", &mount->major, &mount->minor) != 2)
		return false;
	mount->type += strlen("- ");
	/* Type, source and options contain no spaces. */
	rest = mount->type;
	mount->type = strsep(&rest, " ");
	strsep(&rest, " ");
	mount->options = rest ? rest : mount->type + strlen(mount->type);
	unescape(mount->root);
	unescape(mount->point);
	return true;
}
