/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The program under the name of machinectl(1): its command lines, which have
 * options of all verbs before and after the verb, made ones of ours.
 */
#pragma once

#include "tools/arena.h"

#include <stdbool.h>

#define MACHINECTL "machinectl"

/* Whether this program was called so. */
bool is_machinectl(void);

struct command_line {
	int argc;
	char **argv; /* the verb, its options, "--", names; in the arena */
};

/* 0 to go on, or the exit status plus 1. */
int machinectl_parse(struct arena *arena, int argc, char **argv, struct command_line *line);
