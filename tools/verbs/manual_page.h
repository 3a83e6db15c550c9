/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manual of a verb, shown by man(1). */
#pragma once

#include <stdbool.h>

/*
 * Show the verb's page, and wait until it has been read. False if nothing was shown: the page
 * isn't installed, there is no man(1), or output isn't for a pager.
 */
bool manual_page_show(const char *verb);
