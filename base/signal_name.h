/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of signals, as systemd and kill(1) write them. */
#pragma once

#include <stdio.h>

/* Parse "SIGTERM", "term", "15", "SIGRTMIN+4" or "RTMAX-1". Returns 0 if it is not a signal. */
int signal_parse(const char *text);

/* "SIGTERM", "SIGRTMIN+4", or the number of a signal that has no name. */
#define SIGNAL_NAME_SIZE 32
char *signal_format(int signal, char name[static SIGNAL_NAME_SIZE]);

/* List all of them, with their numbers, one a line. */
void signals_print(FILE *stream);
