/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tests/coverage includes this in all sources: a process that leaves by _exit(2), as most children
 * do, writes down what ran in it.
 */
#pragma once

#include <unistd.h>

void __gcov_dump(void);

#define _exit(status) (__gcov_dump(), _exit(status))
