/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Flags of inodes, as chattr(1) sets them. */
#pragma once

#include <stdbool.h>

/* Read FS_..._FL of <linux/fs.h>. 0 or a negative errno: -ENOTTY if the file system has no flags. */
int file_flags_read(int fd, unsigned int *flags);

/* Set the flags of `mask` to their values in `flags`. 0 or a negative errno. */
int file_flags_change(int fd, unsigned int mask, unsigned int flags);
