/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of images. They are file names in the pool, and may have more characters than names of machines. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>

/*
 * The maximum length of a name. With ".raw" or another ending, or hidden with a random number, it
 * is still a valid file name.
 */
#define IMAGE_NAME_MAX	230
#define IMAGE_NAME_SIZE (IMAGE_NAME_MAX + 1)

/*
 * Whether an image may have this name: a file name in valid UTF-8 without control characters. It
 * must not begin with ".#", as locks and temporary files do, nor be ".host", which is this host's
 * root.
 */
bool image_name_is_valid(const char *name) __attribute__((nonnull));

/* 0, or -1 with a failure that gives the reason. */
int image_name_check(const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
