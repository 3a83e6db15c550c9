/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a copy begins or goes to: a directory that is open, and a name in there. */
#pragma once

#include <limits.h>

struct copy_place {
	int directory;
	char name[NAME_MAX + 1]; /* empty: the directory itself */
};

/*
 * Links on the way are followed, but for those of proc(5), which lead anywhere; one
 * at the end isn't. 0, to be closed, or a negative errno.
 */
int copy_place_open(struct copy_place *place, const char *path);
void copy_place_close(struct copy_place *place);
