/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log of a Varlink service: syslog(3)'s socket, without waiting for whoever
 * reads that. Lines that it has no room for are lost: a look-up must not wait
 * for a log.
 */
#pragma once

#include <syslog.h>

/* Log lines up to this level of syslog(3); LOG_INFO at the beginning. */
void varlink_log_set_level(int level);

void varlink_log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
