/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of images. They are file names in the pool, and more liberal than names of machines. */
#pragma once

#include "base/failure.h"

#include <stdbool.h>

/*
 * Bytes of a name: with ".raw" or another ending, or hidden with a random number, it is a file
 * name still.
 */
#define IMAGE_NAME_MAX	230
#define IMAGE_NAME_SIZE (IMAGE_NAME_MAX + 1)

/*
 * Whether an image may be called so: a file name in valid UTF-8 without control characters that
 * doesn't begin with ".#", which locks and temporary files do, and isn't ".host", which is this
 * host's.
 */
bool image_name_is_valid(const char *name) __attribute__((nonnull));

/* 0, or -1 with a failure that says what is wrong with the name. */
int image_name_check(const char *name, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));
