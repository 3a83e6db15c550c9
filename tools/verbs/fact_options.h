/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options that give facts of a machine, of each verb that registers one. */
#pragma once

#include "tools/verbs/command_line.h"

/* The last has no name. */
extern const struct verb_option fact_options[];

/*
 * Set the facts of a command line in a registration, in the order in which they were
 * given. 0, or -1 with a failure.
 */
int fact_options_apply(const struct command_line *line, struct registration *registration,
		       struct failure *failure) __attribute__((nonnull, warn_unused_result));
