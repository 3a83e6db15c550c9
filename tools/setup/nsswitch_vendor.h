/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which nsswitch.conf this host's glibc reads: that in /etc, or the vendor's. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

/* Whether glibc reads the vendor's file if there is none in /etc: if it does, its path is in libc.so. */
bool nsswitch_vendor_is_read(struct arena *arena) __attribute__((nonnull));

/* Returns the path of the file that glibc reads. It may not exist. */
const char *nsswitch_path(struct arena *arena) __attribute__((nonnull));
