/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/monitor/monitor_log.h"

#include "base/clock.h"
#include "tools/messages/message.h"
#include "tools/monitor/log_limit.h"

#include <stdarg.h>
#include <stdio.h>

static struct log_limit limit;
static bool is_limited;

void monitor_log_begin(bool to_syslog)
{
	is_limited = true;
	if (to_syslog)
		messages_go_to(MESSAGES_TO_SYSLOG);
}

static void write_line(const char *line)
{
	uint64_t now = (uint64_t) clock_milliseconds(CLOCK_MONOTONIC);
	size_t left_out = 0, others = 0;
	bool is_admitted = !is_limited || log_limit_admits(&limit, line, now, &left_out);

	if (is_limited)
		others = log_limit_tell_others(&limit, now);
	if (others)
		complain("too many different lines in a minute: %zu were left out", others);
	if (!is_admitted)
		return;
	if (left_out)
		complain("%s (and %zu like this were left out)", line, left_out);
	else
		complain("%s", line);
}

void monitor_log(const char *format, ...)
{
	char line[FAILURE_TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	write_line(line);
}

void monitor_log_failure(const struct failure *failure)
{
	write_line(failure->text);
}

static void take_notice(void *data, enum notice_kind kind, const char *text)
{
	(void) data;
	if (kind == NOTICE_WARNING)
		write_line(text);
}

struct notices monitor_log_notices(void)
{
	return (struct notices){ .sink = take_notice };
}
