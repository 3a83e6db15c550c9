/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening paths that others may change meanwhile: openat2(2). */
#pragma once

#include <stdint.h>

/*
 * Open a path from a directory on, with O_CLOEXEC. `resolve` is of RESOLVE_* in linux/openat2.h. The
 * kernel refuses a path with ".." while anything is renamed or mounted anywhere, which any user may do
 * all the time, so this tries some times, and then walks, if `resolve` has RESOLVE_IN_ROOT. Returns a
 * descriptor or a negative errno.
 */
int resolved_open(int directory, const char *path, int flags, uint64_t resolve);

/*
 * The same for RESOLVE_IN_ROOT with RESOLVE_NO_MAGICLINKS, without giving the kernel a "..": reads each
 * link, and takes the last name of the path away for each "..". `flags` can't have O_CREAT. If
 * somebody puts a link into the path meanwhile, this returns -ELOOP.
 */
int resolved_walk(int directory, const char *path, int flags, uint64_t resolve);
