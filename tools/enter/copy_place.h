/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a copy begins or goes to: an open directory, and a name in it. */
#pragma once

#include <limits.h>

struct copy_place {
	int directory;
	char name[NAME_MAX + 1]; /* empty: the directory itself */
};

/*
 * Open the place of a path. Links on the way are followed, but not those of proc(5), which
 * lead anywhere; a link at the end isn't followed. 0, or a negative errno. To be closed.
 */
int copy_place_open(struct copy_place *place, const char *path);
void copy_place_close(struct copy_place *place);
