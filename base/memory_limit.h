/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A limit of what a process that reads untrusted bytes may allocate. */
#pragma once

#include <stdint.h>

/*
 * Let this process, and those that it starts, have this much memory of their own and no more:
 * RLIMIT_DATA. A lower limit stays. There is none where AddressSanitizer is built in, which reserves
 * more than that at once.
 */
void memory_limit(uint64_t bytes);
