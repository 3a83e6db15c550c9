/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying files. Part of the writing half. */
#pragma once

#include <stdint.h>

/*
 * Copy the first `size` bytes of one file to another, empty one. 0, -EUCLEAN
 * if it has fewer, or another negative errno.
 */
int copy_bytes(int from, int to, uint64_t size);
