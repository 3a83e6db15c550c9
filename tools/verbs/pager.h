/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Output that is longer than the terminal is shown in a pager, as systemd's tools do it:
 * $SYSTEMD_PAGER, $PAGER, less, or more; $SYSTEMD_LESS, $SYSTEMD_LESSCHARSET and
 * $SYSTEMD_PAGERSECURE.
 */
#pragma once

#include <stdbool.h>

/* From here on, keep what is printed to stdout, if that is a terminal. */
void pager_begin(void);

/* Print what was kept: in a pager if it has more lines than the terminal. Wait for the pager's end. */
void pager_end(void);

/*
 * Output is kept for a pager, and this user may run other programs from it, which a pager lets him do
 * that isn't secured.
 */
bool pager_may_run_others(void);
