/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/importctl.h"

#include "tools/verbs/machinectl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool is_importctl(void)
{
	return strcmp(program_invocation_short_name, "importctl") == 0 ||
	       strcmp(program_invocation_short_name, IMPORTCTL_NAME) == 0;
}

static int accept_class(void *member, const char *value, struct failure *f)
{
	(void) member;
	if (value && strcmp(value, "machine") == 0)
		return 0;
	return failure_set(f, FAILURE_NOT_SUPPORTED, "mymachines has images of machines only");
}

static int refuse_user(void *member, const char *value, struct failure *f)
{
	(void) member;
	(void) value;
	return failure_set(f, FAILURE_NOT_SUPPORTED, "mymachines has images of the system only");
}

static const char *json_for_output(void)
{
	return isatty(STDOUT_FILENO) ? "pretty" : "short";
}

const struct verb_option importctl_options[] = {
	/* clang-format off */
	{ "class", .argument = "CLASS", .set = accept_class },
	{ "", 'm' },
	{ "", 'P', .set = accept_class },
	{ "", 'S', .set = accept_class },
	{ "", 'C', .set = accept_class },
	{ "force" },
	{ "format", .argument = "FORMAT", .set = check_format },
	{ "host", 'H', "[USER@]HOST", 0, accept_this_host },
	{ "json", .argument = "MODE" },
	{ "", 'j', .stands_for = "json", .stood_for_value = json_for_output },
	{ "keep-download", .argument = "BOOL" },
	{ "", 'N' },
	{ "machine", 'M', "NAME", 0, accept_this_host },
	{ "no-ask-password" },
	{ "no-legend" },
	{ "no-pager" },
	{ "quiet", 'q' },
	{ "read-only" },
	{ "system" },
	{ "user", .set = refuse_user },
	{ "verify", .argument = "MODE", .set = check_verify },
	{ 0 },
	/* clang-format on */
};

void importctl_print_help(void)
{
	puts("Usage: importctl [OPTION...] VERB [NAME...]\n"
	     "\n"
	     "Do what importctl(1) does with images of machines, by means of mymachines(1).");
	print_link_help(importctl_options);
	puts("\nThe default of --keep-download= is yes, and -N is --keep-download=no. -j is\n"
	     "--json=pretty on a terminal, and --json=short elsewhere.\n"
	     "Other options of importctl(1) are accepted. They have no effect, except that\n"
	     "images of a class other than machine are refused.");
}
