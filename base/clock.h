/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clocks, for deadlines and durations. */
#pragma once

#include <stdint.h>
#include <time.h>

/* The time of a clock of clock_gettime(2), in milliseconds or microseconds. */
int64_t clock_milliseconds(clockid_t clock);
int64_t clock_microseconds(clockid_t clock);
