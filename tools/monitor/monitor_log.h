/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor's log: standard error, or syslog(3) once it is a daemon. The only
 * part of this room that prints. A kind of line is written once a minute, see
 * log_limit.h.
 */
#pragma once

#include "base/failure.h"
#include "base/notices.h"

#include <stdbool.h>

/* Limit the lines from here on, and write them to syslog(3) if `to_syslog`. */
void monitor_log_begin(bool to_syslog);

void monitor_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

void monitor_log_failure(const struct failure *failure) __attribute__((nonnull));

/* Notices that go to the log at once: hints are left out. */
struct notices monitor_log_notices(void);
