/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Marking images read-only, in the way of each kind. */
#pragma once

#include "tools/images/image.h"

/*
 * Whether an open image is marked, or is on a file system that can't be written to. A descriptor
 * of a raw file or a device may be O_RDONLY.
 */
bool image_fd_is_read_only(int fd, enum image_kind kind, const struct stat *st);

/* Mark an open image read-only, or writable. 0 or a negative errno. */
int image_fd_set_read_only(int fd, enum image_kind kind, bool read_only);
