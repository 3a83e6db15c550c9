/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program under the name of machinectl(1): which verbs and options that has.
 */
#pragma once

#include "tools/verbs/verb.h"

/* Whether this program was called so, or by the name that was configured for the link. */
bool is_machinectl(void);

/*
 * Whether a verb goes on with the next name after it has failed with one. machinectl(1) doesn't, and a
 * script may count on that.
 */
bool goes_on_after_failure(void);

/*
 * All options of machinectl(1); the last has no name. Each is accepted with every verb, and
 * has an effect on those that have it in a table of their own. For the others, its value is checked.
 */
extern const struct verb_option machinectl_options[];

/* Sets nothing: this host is the only one that can be reached from here; other hosts need a bus. */
option_setter accept_this_host;

/* They set nothing: an option that the verb doesn't have must have a value that can be right. */
option_setter check_format, check_verify;

/* Parse a number as machinectl(1) does: 010 and 0x8 are 8. 0 or -EINVAL. */
int machinectl_parse_count(const char *text, uint32_t *count) __attribute__((nonnull));

/* Whether the value of an option asks what values it may have. Then nothing else is done. */
bool machinectl_asks_for_values(const struct command_line *line) __attribute__((nonnull));

void machinectl_print_values(const struct command_line *line) __attribute__((nonnull));

/* Whether an option is in a table of a link, or one that all programs have. */
bool link_has_option(const struct verb_option *table, const struct verb_option *option)
	__attribute__((nonnull));

/* Print the verbs of a link, and those options of its table that have an effect. */
void print_link_help(const struct verb_option *table) __attribute__((nonnull));

void machinectl_print_help(void);
