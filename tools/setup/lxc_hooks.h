/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which hooks of a configuration LXC runs in the end: lxc.container.conf(5). Includes are followed, and a
 * key without a value takes out what came before it: "lxc.hook =" all hooks, "lxc.hook.post-stop =" those.
 */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

/* Of these hooks we have a line each. */
#define LXC_HOOK_START "lxc.hook.start-host"
#define LXC_HOOK_STOP  "lxc.hook.post-stop"

/*
 * Whether a text has both hooks in effect: by these lines, as they stand in it or in a file that it includes, or
 * by `common`, a file that has them, whether it is there yet or not. In which order LXC reads the files of a
 * directory isn't documented, so there a key without a value counts wherever it is. Of files that can't be
 * read, nothing is known.
 */
bool lxc_hooks_are_in_effect(struct arena *arena, const char *text, const char *lines,
			     const char *common) __attribute__((nonnull));
