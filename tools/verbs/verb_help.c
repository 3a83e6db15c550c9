/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/verb_help.h"

#include "tools/verbs/command_line.h"
#include "tools/verbs/fact_options.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/verbs.h"

#include <stdio.h>
#include <string.h>

#define WIDTH	      80
#define OPTION_COLUMN 29 /* where the words about an option begin */
#define VERB_COLUMN   24

/* The words of a text in lines, each but the first behind so many blanks. */
static void print_wrapped(const char *text, size_t column)
{
	size_t at = column;

	for (const char *word = text; *word;) {
		size_t length = strcspn(word, " \n");

		if (*word == '\n') {
			printf("\n%*s", (int) column, "");
			at = column;
			word++;
			continue;
		}
		if (at > column && at + 1 + length > WIDTH) {
			printf("\n%*s", (int) column, "");
			at = column;
		}
		at += (size_t) printf("%s%.*s", at > column ? " " : "", (int) length, word);
		word += length;
		word += *word == ' ';
	}
	putchar('\n');
}

static void print_in_column(size_t used, size_t column, const char *text)
{
	if (used + 2 > column) {
		putchar('\n');
		used = 0;
	}
	printf("%*s", (int) (column - used), "");
	print_wrapped(text, column);
}

void print_option(const struct verb_option *o)
{
	size_t used = (size_t) printf(o->letter ? "  -%c, " : "      ", o->letter);

	used += (size_t) printf("--%s", o->name);
	if (o->argument)
		used += (size_t) printf("=%s", o->argument);
	print_in_column(used, OPTION_COLUMN, o->help);
}

void print_options(const struct verb_option *options, bool are_lists)
{
	for (const struct verb_option *o = options; o && o->name; o++)
		if (o->help && o->is_list == are_lists && o->machinectl_only <= is_machinectl())
			print_option(o);
}

/* Each form of the command line. */
static void print_usage(const struct verb *verb)
{
	const char *form = verb->synopsis ?: "";

	for (const char *title = "Usage:"; title; title = *form ? "      " : NULL) {
		size_t length = strcspn(form, "\n");

		printf("%s mymachines %s%s%.*s\n", title, verb->name, length ? " " : "",
		       (int) length, form);
		form += length;
		form += *form == '\n';
	}
}

void print_verb_help(const struct verb *verb)
{
	print_usage(verb);
	putchar('\n');
	print_wrapped(verb->description ?: verb->summary, 0);
	if (verb->alias)
		printf("Also called %s.\n", verb->alias);
	putchar('\n');
	if (verb->print_notes)
		verb->print_notes();
	print_options(verb->options, false);
	print_option(&shared_options[0]);
	if (verb->has_pager)
		print_option(&shared_options[1]);
	if (verb->takes_facts) {
		puts("\nFacts of the machine:");
		print_options(fact_options, false);
		puts("\nThese may be given more than once; an empty value clears the list:");
		print_options(fact_options, true);
	}
	if (verb->notes)
		printf("\n%s\n", verb->notes);
}

static const char *const group_titles[] = {
	[VERB_LOOK] = "Look",	      [VERB_ENTER] = "Enter",	[VERB_OPERATE] = "Operate",
	[VERB_REGISTER] = "Register", [VERB_IMAGES] = "Images", [VERB_SET_UP] = "Set up",
};

static void print_verb_line(const struct verb *verb)
{
	const char *entry = verb->list_entry ?: verb->synopsis ?: "";
	size_t used = (size_t) printf("  %s%s%.*s", verb->name, *entry ? " " : "",
				      (int) strcspn(entry, "\n"), entry);

	print_in_column(used, VERB_COLUMN, verb->summary);
}

static void print_group(enum verb_group group)
{
	for (size_t i = 0; verbs[i]; i++)
		if (verbs[i]->group == group && verb_is_shown(verbs[i]))
			print_verb_line(verbs[i]);
}

void print_verb_lines(void)
{
	for (enum verb_group group = VERB_LOOK; group < VERB_HIDDEN; group++)
		print_group(group);
}

void print_program_help(void)
{
	puts("Usage: mymachines VERB [OPTION...] [NAME...]\n"
	     "\n"
	     "Register, inspect and operate the virtual machines and containers of this host.");
	for (enum verb_group group = VERB_LOOK; group < VERB_HIDDEN; group++) {
		printf("\n%s:\n", group_titles[group]);
		print_group(group);
	}
	puts("\nOptions:");
	print_options(shared_options, false);
	puts("\nOptions may be given before or after the verb; 'mymachines VERB --help' shows\n"
	     "those of a verb, 'mymachines help VERB' its manual. The exit status is 0, 1\n"
	     "after a failure, or 2 if the command line isn't valid. See mymachines(1), and\n"
	     "nss-mymachines(8) for the names that other programs then see.");
}
