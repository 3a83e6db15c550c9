/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verbs that mymachines-import does: a program of its own, so that only it needs the libraries for
 * archives. Here is their command line alone.
 */
#pragma once

#include "tools/verbs/command_line.h"

/*
 * A verb's `run`: execute the program with the verb, its options and operands. Their values are
 * for it to judge. It returns only with a failure.
 */
int run_import_program(const struct command_line *line, void *settings, struct failure *failure)
	__attribute__((nonnull(1, 3)));
