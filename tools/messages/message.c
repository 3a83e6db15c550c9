/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/messages/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

static enum message_target target = MESSAGES_TO_STDERR;

void messages_go_to(enum message_target wanted)
{
	target = wanted;
	/* The connection is made with the first message: mostly there is none. */
	if (target == MESSAGES_TO_BOTH)
		openlog("mymachines", LOG_PID, LOG_DAEMON);
	/* A daemon connects while it still may. */
	if (target == MESSAGES_TO_SYSLOG)
		openlog("mymachines", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

static void print(const char *text)
{
	/* Keep the order of output and messages. */
	fflush(stdout);
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
}

void complain(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		print("out of memory");
		return;
	}
	if (target != MESSAGES_TO_SYSLOG)
		print(text);
	if (target != MESSAGES_TO_STDERR)
		syslog(LOG_NOTICE, "%s", text);
	free(text);
}

int report(const struct failure *failure)
{
	complain("%s", failure->text);
	return EXIT_FAILURE;
}

void report_notices(struct notices *notices, bool with_hints)
{
	for (const struct notice *n = notices->first; n; n = n->next)
		if (n->kind == NOTICE_WARNING || with_hints)
			complain("%s", n->text);
	if (notices->lost)
		complain("out of memory: %zu messages are missing", notices->lost);
	notices_done(notices);
}
