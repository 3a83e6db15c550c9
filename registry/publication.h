/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From LMDB's pages to a registry: the name filter and the meta record behind
 * them, mode and time; and reading all that back before it gets its name. Part
 * of the writing half. Functions return 0 or a negative errno.
 */
#pragma once

#include "registry/file.h"

#include <stdbool.h>

/*
 * Finish the file, whose LMDB pages are written. `meta` has their size, the
 * former generation, or 0, and the counts; the rest of it is filled in.
 * `ids_changed`: other machines may own other ids than in the former one.
 */
int publication_finish(int file, struct registry_meta *meta, const uint8_t *filter,
		       bool ids_changed);

/*
 * Open the file as plug-ins do, and look whether it has as many names as `meta`
 * says, and this one; "" for none. -EUCLEAN if not.
 */
int publication_check(const char *path, const struct registry_meta *meta, const char *folded);
