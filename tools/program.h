/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running another program, and waiting for it. */
#pragma once

#include "tools/arena.h"

#include <stdbool.h>

/*
 * Run the program found in PATH, its name first and NULL behind the arguments.
 * Its standard input is empty; what it prints goes to standard error, or
 * nowhere if it is to be `quiet`. 0; -EPROTO if it fails, and it is to say why; or
 * another negative errno.
 */
int run_program(const char *const *arguments, bool quiet);

/*
 * The same, with what it prints, at most INPUT_SIZE_MAX bytes, as text in the
 * arena; what it complains of goes to standard error unless it is to be `quiet`,
 * and then it is waited for less long.
 * Returns its exit status, 128 if it was killed, or a negative errno.
 */
int program_output(struct arena *arena, const char *const *arguments, bool quiet, char **text);

/* The path of this very program, whatever is in PATH: NULL where that can't be told. */
const char *program_own_path(void);

/* Whether there is a program of this name in PATH, or where programs of root's are. */
bool program_is_installed(const char *name);
