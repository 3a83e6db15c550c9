/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options that say something of a machine, of each verb that registers
 * one: --class=, --alias= and the rest of them.
 */
#pragma once

#include "tools/registration.h"

#include <getopt.h>

/* What getopt_long(3) returns for them is this and more; a verb's own are below. */
#define FACT_OPTIONS 512

#define N_FACT_OPTIONS 15

/* Write them to `options`, and behind them the zeroed end of the table. */
void fact_options_fill(struct option options[static N_FACT_OPTIONS + 1]);

/* The word of an option that getopt_long(3) returned, or NULL if it is none of these. */
const char *fact_option_name(int option);

/* Take its argument. 0, or -1 after it has said what is wrong. */
int fact_option_set(struct registration *registration, int option, const char *argument);

/* What --help says of them; the last line has no newline. */
extern const char fact_options_help[];
