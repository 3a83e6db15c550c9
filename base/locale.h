/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The person's language: locale(7). */
#pragma once

/*
 * Take from the environment what our programs show by it: characters, messages of libc, times and
 * numbers. Each of the other categories would cost five system calls where there is no archive of locales.
 */
void locale_begin(void);
