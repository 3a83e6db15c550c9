/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs of mymachines(1), each in a file of its name. */
#pragma once

#include "tools/verbs/verb.h"

/* In the order of --help, NULL behind the last. */
extern const struct verb *const verbs[];

/* A verb by its name or its other name, among those that the program has under its name; or NULL. */
const struct verb *find_verb(const char *name) __attribute__((nonnull));

/* The verb that was probably meant, or NULL. */
const char *suggest_verb(const char *word) __attribute__((nonnull));

/* Whether --help and completions show it. */
bool verb_is_shown(const struct verb *verb) __attribute__((nonnull));
