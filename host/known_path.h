/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths that a machine has chosen. */
#pragma once

/*
 * Open a path with O_PATH, without asking a server and without a mount by an automounter: by names that
 * the kernel knows already, as those above a directory that a process is in, and by names of local file
 * systems. Returns a descriptor, -EREMOTE if the path can't be opened so, or another negative errno.
 */
int known_path_open(const char *path) __attribute__((nonnull, warn_unused_result));
