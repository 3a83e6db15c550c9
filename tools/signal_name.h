/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals by their names, as systemd and kill(1) have them. */
#pragma once

/* "SIGTERM", "term", "15", "SIGRTMIN+4", "RTMAX-1". 0 if it is none. */
int signal_parse(const char *text);

/* "SIGTERM", "SIGRTMIN+4"; its number where it has no name. */
#define SIGNAL_NAME_SIZE 32
char *signal_format(int signal, char name[static SIGNAL_NAME_SIZE]);

/* All of them, one a line, on stdout. */
void signals_print(void);
