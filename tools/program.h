/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running another program, and waiting for it. */
#pragma once

#include <stdbool.h>

/*
 * Run the program found in PATH, its name first and NULL behind the arguments.
 * Its standard input is empty; what it prints goes to standard error, or
 * nowhere if it is to be `quiet`. 0; -EPROTO if it fails, and it is to say why; or
 * another negative errno.
 */
int run_program(const char *const *arguments, bool quiet);
