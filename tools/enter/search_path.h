/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where programs of a machine are: the PATH that its own files set. For a visitor there. */
#pragma once

#include "base/arena.h"

#include <sys/types.h>

/*
 * The PATH for a user: that of /etc/environment, or else of /etc/login.defs, or else a
 * default. The directories of NixOS come first where they exist. In the arena.
 */
char *search_path_read(struct arena *arena, uid_t uid);
