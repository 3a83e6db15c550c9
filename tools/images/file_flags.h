/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Flags of inodes, as chattr(1) sets them. */
#pragma once

#include <stdbool.h>

/* Read FS_..._FL of <linux/fs.h>. 0 or a negative errno: -ENOTTY where there are none. */
int file_flags_read(int fd, unsigned int *flags);

/* Change some of them: those of `mask` become as in `flags`. 0 or a negative errno. */
int file_flags_change(int fd, unsigned int mask, unsigned int flags);
