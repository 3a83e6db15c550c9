/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing a tree of files that somebody else filled. */
#pragma once

#include "base/failure.h"

/*
 * Remove a file, or a directory with all that is below it: no link is followed and no mount
 * entered; subvolumes below go, too, and what is immutable or read-only is made removable. What
 * isn't there is no failure. 0, or -1 with a failure that names the first file that stays.
 */
int tree_remove(int directory, const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
