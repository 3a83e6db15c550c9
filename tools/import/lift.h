/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives of distributions that contain only one directory, such as "root.x86_64/etc". */
#pragma once

#include "base/failure.h"

/*
 * If the directory's only entry is a directory with an operating system, move the contents of that
 * one level up, with its owner, mode, times and attributes. 0, or -1 with a failure.
 */
int lift_lone_directory(int root, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
