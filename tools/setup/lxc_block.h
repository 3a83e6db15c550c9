/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The block of our hooks in a configuration of LXC, and in raw.lxc of LXD. */
#pragma once

#include "tools/setup/setup.h"

#include <stdbool.h>

/* Most templates' configurations include the files of this directory. */
#define LXC_COMMON_DIRECTORY "/usr/share/lxc/config/common.conf.d"
#define LXC_COMMON_FILE	     LXC_COMMON_DIRECTORY "/mymachines.conf"

/* Its lines, in the plan's arena. */
char *lxc_block_lines(const struct setup_plan *plan) __attribute__((nonnull));

/* Whether a text registers machines by this program: by the block, or by hooks that somebody copied. */
bool lxc_block_is_in_effect(const struct setup_plan *plan, const char *text)
	__attribute__((nonnull));

/*
 * Set what the text of a change becomes: with the block, or without it to remove it. The block stays where it is
 * now, unless the hooks are taken out again behind it.
 */
void lxc_block_edit(const struct setup_plan *plan, struct change *change) __attribute__((nonnull));
