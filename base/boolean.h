/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Truth in words. */
#pragma once

#include <stdbool.h>

/* Parse systemd.syntax(7)'s words for a boolean, in any case. 0, or -EINVAL. */
int boolean_parse(const char *text, bool *value) __attribute__((nonnull));
