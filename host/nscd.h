/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* nscd(8), glibc's cache of look-ups. It knows nothing of the registry's changes. */
#pragma once

#include <stdbool.h>

#define NSCD_SOCKET "/run/nscd/socket"

/* Whether it runs. */
bool nscd_is_running(void);

/*
 * Make it forget hosts, users and groups, unknown ones too. Only root can do
 * that. If it doesn't answer, this gives up after a moment.
 */
void nscd_invalidate(void);
