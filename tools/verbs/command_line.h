/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A command line, read by the tables of verb.h: options before or after the verb and
 * its operands, "--", and what belongs to a command that a verb runs.
 */
#pragma once

#include "tools/verbs/verb.h"

struct given_option {
	const struct verb_option *option;
	const char *value; /* or NULL */
};

struct command_line {
	struct arena *arena;
	int argc; /* of the program, as it was started */
	char **argv;
	const struct verb *verb; /* NULL if none was given */
	char **words;		 /* all of them but the program's name and the verb */
	int n_words;
	/* The result of reading the words. */
	struct given_option *given;
	size_t n_given;
	char **names; /* the operands, NULL behind them */
	int n_names;
	char **command; /* of verbs that take one: what follows "--", or NULL */
	const struct verb_option *lacks_argument; /* the last option, if its argument is missing */
	bool is_verb_given;
	bool wants_help, wants_version, no_pager;
};

/*
 * Find the verb, which may stand behind options; without any, it is `list`. 0, or -1 with a
 * failure: there is no such verb.
 */
int command_line_find_verb(struct command_line *line, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Read the words as the verb's options and operands, and apply the options to its
 * settings, but for facts. Also after a fault, what follows it is read. 0, or -1 with a
 * failure.
 */
int command_line_read(struct command_line *line, void *settings, struct failure *failure)
	__attribute__((nonnull, warn_unused_result));

/*
 * Read the words without applying options. 0, or -1 with a failure: then the words that
 * can be understood have been read.
 */
int command_line_read_words(struct command_line *line, struct failure *failure)
	__attribute__((nonnull));

/* The option of a verb that has this name, or a name that begins so if there is no other. */
const struct verb_option *find_option(const struct verb *verb, const char *name, size_t length)
	__attribute__((nonnull));

/* The tables that options of a verb are in. Returns how many. */
#define OPTION_TABLES_MAX 4
size_t option_tables(const struct verb *verb,
		     const struct verb_option *tables[static OPTION_TABLES_MAX])
	__attribute__((nonnull));

/* Whether the program has the option, under the name that it was called by. */
bool option_is_known(const struct verb_option *option) __attribute__((nonnull));

/* The options that all verbs have; the last has no name. */
extern const struct verb_option shared_options[];

/* The command line can't be understood, and why. Returns -1. */
int usage_failure(struct failure *failure, const char *format, ...)
	__attribute__((nonnull, format(printf, 2, 3)));

/* There is no verb of this name; perhaps another one was meant. Returns -1. */
int unknown_verb_failure(struct failure *failure, const char *word) __attribute__((nonnull));
