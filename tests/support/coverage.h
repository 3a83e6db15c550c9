/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tests/coverage includes this in all sources: a process that leaves by _exit(2), as most children
 * do, writes down what ran in it. Where it doesn't see the sources, it would only complain.
 */
#pragma once

#include <unistd.h>

void __gcov_dump(void);

#define _exit(status) (access(__FILE__, R_OK) == 0 ? __gcov_dump() : (void) 0, _exit(status))
