/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Move a word of main()'s arguments to memory of its own. If it is an address, replace its user, its password
 * and its query in the arguments, which every user can read in /proc/PID/cmdline. If memory runs out, the word
 * stays as it is.
 */
void hide_address(char **word) __attribute__((nonnull));
