/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying a file's contents in the cheapest way that its file system has. */
#pragma once

#include <stdint.h>

/*
 * Copy a regular file of `size` bytes to an empty one. Share its blocks if possible; otherwise the
 * kernel copies the data between the holes. `to` gets the same size and holes. 0 or a negative
 * errno.
 */
int file_copy(int from, int to, uint64_t size);

/* The same from a block device, whose blocks of zeros become holes. */
int file_copy_nonzero(int from, int to, uint64_t size);
