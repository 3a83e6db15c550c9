/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives of distributions that have all in one directory: "root.x86_64/etc", for example. */
#pragma once

#include "base/failure.h"

/*
 * If the directory holds nothing but one directory, and that holds an operating system, move what
 * is in it one level up, with its owner, mode, times and attributes. 0, or -1 with a failure.
 */
int lift_lone_directory(int root, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
