/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/notices.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct notices *notices, enum notice_kind kind, const char *text)
{
	size_t size = strlen(text) + 1;
	struct notice *notice;

	if (notices->sink) {
		notices->sink(notices->data, kind, text);
		return;
	}
	notice = malloc(sizeof *notice + size);
	if (!notice) {
		notices->lost++;
		return;
	}
	*notice = (struct notice){ .kind = kind };
	memcpy(notice->text, text, size);
	if (notices->last)
		notices->last->next = notice;
	else
		notices->first = notice;
	notices->last = notice;
}

void notices_add(struct notices *notices, enum notice_kind kind, const char *format, ...)
{
	char text[FAILURE_TEXT_SIZE];
	va_list arguments;

	if (!notices)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	append(notices, kind, text);
}

void notices_add_failure(struct notices *notices, const struct failure *failure)
{
	if (notices)
		append(notices, NOTICE_WARNING, failure->text);
}

void notices_move(struct notices *to, struct notices *from)
{
	for (const struct notice *n = from->first; n; n = n->next)
		append(to, n->kind, n->text);
	to->lost += from->lost;
	notices_done(from);
}

void notices_done(struct notices *notices)
{
	while (notices->first) {
		struct notice *next = notices->first->next;

		free(notices->first);
		notices->first = next;
	}
	notices->last = NULL;
	notices->lost = 0;
}
