/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options with which a program of the bus does something else than answering. */
#include "tools/bus/bus_ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_owner(const char *name, struct failure *f)
{
	pid_t pid;

	if (bus_ask_owner(name, &pid, f) < 0)
		return -1;
	printf("%d\n", (int) pid);
	return 0;
}

static void print_help(const char *program)
{
	printf("Usage: %s [--owner | --reload-bus | --start | --help | --version]\n\n"
	       "Answer on the system bus, as long as somebody needs it. The bus starts this.\n\n"
	       "      --owner       Print the pid of the process that answers, or 0\n"
	       "      --reload-bus  Make the bus read its configuration again\n"
	       "      --start       Make the bus start the service\n"
	       "  -h, --help        Show this help\n"
	       "      --version     Print the version\n\n"
	       "See %s(8).\n",
	       program, program);
}

int bus_ask_option(const char *name, const char *option)
{
	const char *program = program_invocation_short_name;
	struct failure failure;
	int r = 0;

	if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0)
		print_help(program);
	else if (strcmp(option, "--version") == 0)
		printf("%s " PACKAGE_VERSION "\n", program);
	else if (strcmp(option, "--owner") == 0)
		r = print_owner(name, &failure);
	else if (strcmp(option, "--reload-bus") == 0)
		r = bus_ask_reload(&failure);
	else if (strcmp(option, "--start") == 0)
		r = bus_ask_start(name, &failure);
	else
		r = failure_set(&failure, FAILURE_USAGE, "unknown argument; see %s(8)", program);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", program, failure.text);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
