/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mymachines complete -- WORD...: for the completions of shells, which have no knowledge of
 * their own. The words are those of a command line behind the program's name, the last one
 * being incomplete. The first line says what completes it: "words", "files",
 * "directories", or "command N", if a command of its own begins at the Nth word. Words
 * follow, one a line, with a tab and a few words about each. A word that ends with "=", "/"
 * or "@" isn't complete yet.
 */
#include "base/array_size.h"
#include "base/signal_name.h"
#include "tools/describe/properties.h"
#include "tools/setup/setup.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/machine_completion.h"
#include "tools/verbs/verb_help.h"
#include "tools/verbs/verbs.h"

#include <ctype.h>
#include <dirent.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct completion {
	struct command_line line; /* without the last word */
	const char *word;	  /* the last one */
	const char *kept;	  /* "--option=", to be printed in front of each word */
	size_t kept_length;
	bool has_kind; /* the first line is printed */
};

static void print_kind(struct completion *c, const char *kind)
{
	if (!c->has_kind)
		puts(kind);
	c->has_kind = true;
}

/* A completion_sink. */
static void print_word(void *data, const char *word, const char *about)
{
	struct completion *c = data;

	if (strncmp(word, c->word, strlen(c->word)) != 0)
		return;
	print_kind(c, "words");
	printf("%.*s%s", (int) c->kept_length, c->kept, word);
	if (about)
		printf("\t%.*s", (int) strcspn(about, ".\n"), about);
	putchar('\n');
}

static void complete_list(struct completion *c, const char *words)
{
	while (*(words += strspn(words, " "))) {
		size_t length = strcspn(words, " ");

		print_word(c, arena_printf(c->line.arena, "%.*s", (int) length, words), NULL);
		words += length;
	}
}

static void complete_verbs(struct completion *c)
{
	for (size_t i = 0; verbs[i]; i++)
		if (verb_is_shown(verbs[i]))
			print_word(c, verbs[i]->name, verbs[i]->summary);
}

static void complete_pids(struct completion *c)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc)))
		if (isdigit((unsigned char) entry->d_name[0]))
			print_word(c, entry->d_name, NULL);
	if (proc)
		closedir(proc);
}

static void complete_interfaces(struct completion *c)
{
	struct if_nameindex *list = if_nameindex();

	for (struct if_nameindex *i = list; i && i->if_index; i++)
		print_word(c, i->if_name, NULL);
	if (list)
		if_freenameindex(list);
}

static void complete_signals(struct completion *c)
{
	char name[SIGNAL_NAME_SIZE];

	for (int i = 1; i <= SIGRTMAX; i++)
		if (i >= SIGRTMIN || sigabbrev_np(i))
			print_word(c, signal_format(i, name), NULL);
	print_word(c, "list", "print all signals");
}

static void complete_properties(struct completion *c)
{
	for (const struct property *p = properties; p->name; p++)
		print_word(c, p->name, NULL);
}

static void complete_runtimes(struct completion *c)
{
	for (size_t i = 0; i < n_setup_targets; i++)
		print_word(c, setup_targets[i].name, setup_targets[i].summary);
}

static void complete_variables(struct completion *c)
{
	for (char **variable = environ; *variable; variable++)
		print_word(c,
			   arena_printf(c->line.arena, "%.*s", (int) strcspn(*variable, "="),
					*variable),
			   NULL);
}

static void complete_machine_names(struct completion *c)
{
	complete_machines(print_word, c);
}

static void complete_image_names(struct completion *c)
{
	complete_images(c->line.arena, print_word, c);
}

static void complete_users(struct completion *c)
{
	complete_machine_users(c->line.arena, c->word, print_word, c);
}

static void complete_paths(struct completion *c)
{
	if (c->line.n_names > 0)
		complete_machine_paths(c->line.arena, c->line.names[0], c->word, print_word, c);
}

static void complete_files(struct completion *c)
{
	print_kind(c, "files");
}

static void complete_directories(struct completion *c)
{
	print_kind(c, "directories");
}

static const struct {
	const char *values;
	void (*complete)(struct completion *completion);
} kinds[] = {
	{ COMPLETE_DIRECTORY, complete_directories },
	{ COMPLETE_FILE, complete_files },
	{ COMPLETE_IMAGE, complete_image_names },
	{ COMPLETE_INTERFACE, complete_interfaces },
	{ COMPLETE_MACHINE, complete_machine_names },
	{ COMPLETE_MACHINE_PATH, complete_paths },
	{ COMPLETE_MACHINE_USER, complete_users },
	{ COMPLETE_PID, complete_pids },
	{ COMPLETE_PROPERTY, complete_properties },
	{ COMPLETE_RUNTIME, complete_runtimes },
	{ COMPLETE_SIGNAL, complete_signals },
	{ COMPLETE_VARIABLE, complete_variables },
	{ COMPLETE_VERB, complete_verbs },
};

static void complete_values(struct completion *c, const char *values)
{
	for (size_t i = 0; values && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].values, values) == 0) {
			kinds[i].complete(c);
			return;
		}
	if (values)
		complete_list(c, values);
}

static void complete_option(struct completion *c, const struct verb_option *option)
{
	if (option->help && option_is_known(option))
		print_word(c,
			   arena_printf(c->line.arena, "--%s%s", option->name,
					option->argument ? "=" : ""),
			   option->help);
}

static void complete_options(struct completion *c)
{
	const struct verb_option *tables[OPTION_TABLES_MAX];
	size_t count = option_tables(c->line.verb, tables);

	for (size_t i = 0; i < count; i++)
		for (const struct verb_option *o = tables[i]; o->name; o++)
			complete_option(c, o);
	if (c->line.verb->takes_command)
		print_word(c, "--", "the command follows");
}

/* "--option=VALUE": the value alone is completed. */
static void complete_option_value(struct completion *c)
{
	size_t length = strcspn(c->word + 2, "=");
	const struct verb_option *option = find_option(c->line.verb, c->word + 2, length);

	c->kept = c->word;
	c->kept_length = 2 + length + 1;
	c->word += c->kept_length;
	if (option && option->argument)
		complete_values(c, option->values);
}

static void print_command(struct completion *c, int before)
{
	print_kind(c, arena_printf(c->line.arena, "command %d", before));
}

static void complete_operand(struct completion *c)
{
	const struct operands *operands = &c->line.verb->operands;
	size_t index = (size_t) c->line.n_names;

	if (operands->max != OPERANDS_MANY && c->line.n_names >= operands->max)
		return;
	/* The last kind is that of all further operands. */
	if (index >= ARRAY_SIZE(operands->values))
		index = ARRAY_SIZE(operands->values) - 1;
	while (index > 0 && !operands->values[index])
		index--;
	if (operands->values[index] && strcmp(operands->values[index], COMPLETE_COMMAND) == 0)
		/* The operands are the last words, and the first of them is a machine's name. */
		print_command(c, c->line.argc - (c->line.n_names - 1));
	else
		complete_values(c, operands->values[index]);
}

static bool have_options_ended(const struct command_line *line)
{
	int count = line->verb->operands.options_end_after;

	return count > 0 && line->n_names >= count;
}

static void complete_word(struct completion *c)
{
	const struct command_line *line = &c->line;

	if (line->lacks_argument)
		complete_values(c, line->lacks_argument->values);
	else if (line->command)
		print_command(c, line->argc - (int) (line->words + line->n_words - line->command));
	else if (*c->word == '-' && !have_options_ended(line))
		c->word[strcspn(c->word, "=")] && c->word[1] == '-' ? complete_option_value(c)
								    : complete_options(c);
	else if (!line->is_verb_given)
		complete_verbs(c);
	else
		complete_operand(c);
}

static int print_completions(const struct command_line *own, void *settings, struct failure *f)
{
	struct completion c = { .word = own->names[own->n_names - 1] };

	(void) settings;
	/* A command line begins with the program's name. */
	c.line = (struct command_line){ .arena = own->arena, .argc = own->n_names };
	c.line.argv = arena_alloc(own->arena, ((size_t) own->n_names + 1) * sizeof *c.line.argv);
	c.line.argv[0] = own->argv[0];
	memcpy(c.line.argv + 1, own->names, ((size_t) own->n_names - 1) * sizeof *own->names);
	if (command_line_find_verb(&c.line, f) < 0)
		return EXIT_SUCCESS;
	/* Faults of the line are the person's to find. */
	(void) command_line_read_words(&c.line, f);
	complete_word(&c);
	return EXIT_SUCCESS;
}

const struct verb complete_verb = {
	.name = "complete",
	.synopsis = "-- WORD...",
	.summary = "Print what completes the last word of a command line",
	.group = VERB_HIDDEN,
	.is_machinectl = true,
	.is_importctl = true,
	.operands = { .min = 1, .max = OPERANDS_MANY, .too_few = "a word is missing" },
	.run = print_completions,
};
