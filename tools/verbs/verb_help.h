/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --help, made from the tables of the verbs. */
#pragma once

#include "tools/verbs/verb.h"

/* The list of verbs, and the options that all of them have. */
void print_program_help(void);

void print_verb_help(const struct verb *verb) __attribute__((nonnull));

/* A row for each verb that is shown. */
void print_verb_lines(void);

/* A row for an option. */
void print_option(const struct verb_option *option) __attribute__((nonnull));

/* Rows of those options that are facts with many values, or of the others. */
void print_options(const struct verb_option *options, bool are_lists);
