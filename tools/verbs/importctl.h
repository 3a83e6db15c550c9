/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program under the name of importctl(1), which systemd has from version 256 on. */
#pragma once

#include "tools/verbs/verb.h"

/* Whether this program was called so, or by the name that was configured for the link. */
bool is_importctl(void);

/*
 * All options of importctl(1); the last has no name. Each is accepted with every verb. Images of
 * another class than machines are refused.
 */
extern const struct verb_option importctl_options[];

void importctl_print_help(void);
