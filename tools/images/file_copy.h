/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying what is in a file, in the cheapest way that its file system has. */
#pragma once

#include <stdint.h>

/*
 * Copy a regular file of `size` bytes to an empty one: by sharing its blocks, where that can be,
 * else by having the kernel copy what isn't a hole. `to` is as long afterwards, with holes where
 * `from` has them. 0 or a negative errno.
 */
int file_copy(int from, int to, uint64_t size);

/* The same from a block device, whose blocks of zeros become holes. */
int file_copy_nonzero(int from, int to, uint64_t size);
