/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages to a person, on standard error or in the log. Edges alone use this; everything
 * below them returns failures and notices.
 */
#pragma once

#include "base/failure.h"
#include "base/notices.h"
#include "registry/words.h"

#include <stdbool.h>

/* Print a line, after the program's name: "mymachines: ". */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Report a failure. Returns EXIT_FAILURE, for verbs to return. */
int report(const struct failure *failure) __attribute__((nonnull));

/* Report the warnings of an operation, and its hints if they are wanted. Frees the list. */
void report_notices(struct notices *notices, bool with_hints) __attribute__((nonnull));

enum message_target {
	MESSAGES_TO_STDERR,
	MESSAGES_TO_SYSLOG,
	MESSAGES_TO_BOTH, /* whoever started us may discard our standard error */
};

/* From now on, write messages there. At first, they go to standard error. */
void messages_go_to(enum message_target target);
