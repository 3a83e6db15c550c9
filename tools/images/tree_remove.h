/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing a tree of untrusted files. */
#pragma once

#include "base/failure.h"

/*
 * Remove a file, or a directory with everything below it, including subvolumes, and immutable and
 * read-only files. No link is followed and no mount entered. A missing file is not a failure. 0, or -1
 * with a failure that names the first file that stays.
 */
int tree_remove(int directory, const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
