/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening paths that others may change meanwhile: openat2(2). */
#pragma once

#include <stdint.h>

/*
 * Open a path from a directory on, with O_CLOEXEC. `resolve` is of RESOLVE_* in linux/openat2.h. The kernel refuses a path with ".." while anything is renamed anywhere, which
 * any user may do all the time, so this tries often. Returns a descriptor or a negative errno;
 * -EAGAIN if all tries were in vain.
 */
int resolved_open(int directory, const char *path, int flags, uint64_t resolve);
