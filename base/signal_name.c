/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/signal_name.h"

#include "base/number.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

/* glibc calls it SIGPOLL. */
static const char *abbreviation(int signal)
{
	return signal == SIGIO ? "IO" : sigabbrev_np(signal);
}

/* Parse "RTMIN+4", "RTMAX-1", ... Returns 0 for any other text. */
static int parse_realtime(const char *name)
{
	int from = strncmp(name, "RTMIN", 5) == 0   ? SIGRTMIN
		   : strncmp(name, "RTMAX", 5) == 0 ? SIGRTMAX
						    : 0;
	uint32_t offset = 0;

	if (!from)
		return 0;
	name += 5;
	if (*name && (*name != (from == SIGRTMIN ? '+' : '-') || id_parse(name + 1, &offset) < 0 ||
		      offset > (uint32_t) (SIGRTMAX - SIGRTMIN)))
		return 0;
	return from == SIGRTMIN ? from + (int) offset : from - (int) offset;
}

int signal_parse(const char *text)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint32_t number;

	if (id_parse(text, &number) == 0)
		return number > 0 && number <= (uint32_t) SIGRTMAX ? (int) number : 0;
	for (int i = 1; i < SIGRTMIN; i++) {
		const char *known = abbreviation(i);

		if (known && strcasecmp(known, name) == 0)
			return i;
	}
	return parse_realtime(name);
}

char *signal_format(int signal, char name[static SIGNAL_NAME_SIZE])
{
	const char *known = abbreviation(signal);

	if (known)
		snprintf(name, SIGNAL_NAME_SIZE, "SIG%s", known);
	else if (signal == SIGRTMIN)
		strcpy(name, "SIGRTMIN");
	else if (signal > SIGRTMIN && signal <= SIGRTMAX)
		snprintf(name, SIGNAL_NAME_SIZE, "SIGRTMIN+%d", signal - SIGRTMIN);
	else
		snprintf(name, SIGNAL_NAME_SIZE, "%d", signal);
	return name;
}

void signals_print(FILE *stream)
{
	char name[SIGNAL_NAME_SIZE];

	for (int i = 1; i <= SIGRTMAX; i++)
		if (i >= SIGRTMIN || sigabbrev_np(i))
			fprintf(stream, "%6d %s\n", i, signal_format(i, name));
}
