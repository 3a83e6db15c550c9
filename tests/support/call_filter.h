/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls that fail as in a sandbox, for the test programs: seccomp(2). */
#pragma once

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * From now on, answer this system call with SECCOMP_RET_ERRNO | errno, or with
 * SECCOMP_RET_KILL_PROCESS. In a child, as there is no way back. False where that can't be had.
 */
bool filter_call(long number, uint32_t answer);
