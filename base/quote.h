/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of others in messages and logs. */
#pragma once

/*
 * Quote a value for a message: control and non-ASCII bytes become \xNN, and it is
 * cut at 80 bytes.
 */
#define QUOTED_SIZE (80 * 4 + 4)
char *quote(const char *text, char quoted[static QUOTED_SIZE]);
