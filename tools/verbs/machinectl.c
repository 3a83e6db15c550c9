/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/machinectl.h"

#include "base/signal_name.h"
#include "tools/describe/json.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/option_values.h"
#include "tools/verbs/verb_help.h"
#include "tools/verbs/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In the order of machinectl(1). */
#define VERIFY_MODES "no checksum signature"

bool is_machinectl(void)
{
	return strcmp(program_invocation_short_name, "machinectl") == 0 ||
	       strcmp(program_invocation_short_name, MACHINECTL_NAME) == 0;
}

bool goes_on_after_failure(void)
{
	return !is_machinectl();
}

int accept_this_host(void *member, const char *value, struct failure *f)
{
	(void) member;
	if (strncmp(value, "root@", 5) == 0)
		value += 5;
	if (!*value || strcmp(value, ".host") == 0)
		return 0;
	return failure_set(f, FAILURE_NOT_SUPPORTED,
			   "works on this host alone; use ssh, or machinectl shell");
}

int machinectl_parse_count(const char *text, uint32_t *count)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || value > UINT32_MAX || (value && strchr(text, '-')))
		return -EINVAL;
	*count = (uint32_t) value;
	return 0;
}

static int check_lines(void *member, const char *value, struct failure *f)
{
	uint32_t number;

	(void) member;
	return machinectl_parse_count(value, &number) == 0 ? 0 : usage_failure(f, "isn't a number");
}

static int check_address_count(void *member, const char *value, struct failure *f)
{
	uint32_t number;

	(void) member;
	return strcmp(value, "all") == 0 || machinectl_parse_count(value, &number) == 0
		       ? 0
		       : usage_failure(f, "is neither a number nor \"all\"");
}

static int check_signal(void *member, const char *value, struct failure *f)
{
	(void) member;
	return signal_parse(value) || is_one_of(value, "list help")
		       ? 0
		       : usage_failure(f, "there is no such signal");
}

static int check_variable(void *member, const char *value, struct failure *f)
{
	(void) member;
	return is_variable_name(value, strcspn(value, "="))
		       ? 0
		       : usage_failure(f, "isn't an environment variable");
}

int check_format(void *member, const char *value, struct failure *f)
{
	(void) member;
	return is_one_of(value, COMPLETE_FORMAT) ? 0 : usage_failure(f, "there is no such format");
}

int check_verify(void *member, const char *value, struct failure *f)
{
	(void) member;
	return is_one_of(value, COMPLETE_VERIFY) ||
			       (is_machinectl() && strcmp(value, "help") == 0) ||
			       strncmp(value, "sha256:", 7) == 0 ||
			       strncmp(value, "sha512:", 7) == 0
		       ? 0
		       : usage_failure(f, "there is no such mode of verification");
}

const struct verb_option machinectl_options[] = {
	/* clang-format off */
	{ "all", 'a' },
	{ "force" },
	{ "format", .argument = "FORMAT", .set = check_format },
	{ "full", 'l' },
	{ "host", 'H', "[USER@]HOST", 0, accept_this_host },
	{ "kill-who", .argument = "WHOM" },
	{ "kill-whom", .argument = "WHOM" },
	{ "lines", 'n', "COUNT", 0, check_lines },
	{ "machine", 'M', "NAME", 0, accept_this_host },
	{ "max-addresses", .argument = "COUNT", .set = check_address_count },
	{ "mkdir" },
	{ "no-ask-password" },
	{ "no-legend" },
	{ "no-pager" },
	{ "now" },
	{ "output", 'o', "MODE", 0, check_output_mode },
	{ "property", 'p', "NAME" },
	{ "quiet", 'q' },
	{ "read-only" },
	{ "runner", .argument = "RUNNER" },
	{ "setenv", 'E', "NAME[=VALUE]", 0, check_variable },
	{ "signal", 's', "SIGNAL", 0, check_signal },
	{ "uid", .argument = "USER" },
	{ "value" },
	{ "verify", .argument = "MODE", .set = check_verify },
	{ 0 },
	/* clang-format on */
};

/* The values that such a value of an option lists, with blanks between; for signals, an empty text. NULL: none. */
static const char *find_values(const struct given_option *given)
{
	const char *name = given->option->name;
	bool is_help = given->value && strcmp(given->value, "help") == 0;

	if (strcmp(name, "signal") == 0 &&
	    (is_help || (given->value && strcmp(given->value, "list") == 0)))
		return "";
	if (is_help && strcmp(name, "output") == 0)
		return OUTPUT_MODES;
	return is_help && strcmp(name, "verify") == 0 ? VERIFY_MODES : NULL;
}

/* The first one, which has machinectl(1) end. */
static const char *find_listed_values(const struct command_line *line)
{
	const char *values = NULL;

	for (size_t i = 0; i < line->n_given && !values; i++)
		values = find_values(&line->given[i]);
	return values;
}

bool machinectl_asks_for_values(const struct command_line *line)
{
	return is_machinectl() && find_listed_values(line);
}

void machinectl_print_values(const struct command_line *line)
{
	const char *values = find_listed_values(line);

	if (!*values)
		signals_print(stdout);
	for (; *values; values += strspn(values, " ")) {
		int length = (int) strcspn(values, " ");

		printf("%.*s\n", length, values);
		values += length;
	}
}

bool link_has_option(const struct verb_option *table, const struct verb_option *option)
{
	for (const struct verb_option *o = table; o->name; o++)
		if (o == option || strcmp(o->name, option->name) == 0)
			return true;
	/* All programs have these. */
	return strcmp(option->name, "help") == 0 || strcmp(option->name, "version") == 0;
}

/* The row of a verb that has the option, for its help. */
static const struct verb_option *find_described(const char *name)
{
	for (size_t i = 0; verbs[i]; i++)
		for (const struct verb_option *o = verbs[i]->options;
		     o && o->name && verb_is_shown(verbs[i]); o++)
			if (o->help && strcmp(o->name, name) == 0)
				return o;
	return NULL;
}

void print_link_help(const struct verb_option *table)
{
	puts("\nVerbs:");
	print_verb_lines();
	puts("\nOptions:");
	print_options(shared_options, false);
	for (const struct verb_option *o = table; o->name; o++) {
		const struct verb_option *described = find_described(o->name);

		if (described)
			print_option(described);
	}
}

void machinectl_print_help(void)
{
	puts("Usage: machinectl [OPTION...] VERB [NAME...]\n"
	     "\n"
	     "Do what machinectl(1) does with machines, by means of mymachines(1).");
	print_link_help(machinectl_options);
	puts("\nOther options of machinectl(1) are accepted, and have no effect.");
}
