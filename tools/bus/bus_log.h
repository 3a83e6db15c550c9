/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* This process's log, with the level and the target that org.freedesktop.LogControl1 sets. */
#pragma once

/* A line, at a level of syslog(3). */
void bus_log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
