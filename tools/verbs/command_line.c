/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/quote.h"
#include "tools/verbs/command_line.h"

#include "registry/words.h"
#include "tools/verbs/fact_options.h"
#include "tools/verbs/importctl.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/suggestion.h"
#include "tools/verbs/verbs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct verb_option shared_options[] = {
	{ "help", 'h', .help = "Show this help" },
	{ "no-pager", .help = "Don't show long output in a pager" },
	{ "version", 'V', .help = "Show the version" },
	{ 0 },
};

int usage_failure(struct failure *f, const char *format, ...)
{
	va_list arguments;

	f->kind = FAILURE_USAGE;
	f->error = 0;
	va_start(arguments, format);
	vsnprintf(f->text, sizeof f->text, format, arguments);
	va_end(arguments);
	return -1;
}

/* The tables that options of a verb are in, the verb's own first. */
size_t option_tables(const struct verb *verb,
		     const struct verb_option *tables[static OPTION_TABLES_MAX])
{
	size_t count = 0;

	if (verb->options)
		tables[count++] = verb->options;
	if (verb->takes_facts)
		tables[count++] = fact_options;
	if (is_machinectl())
		tables[count++] = machinectl_options;
	if (is_importctl())
		tables[count++] = importctl_options;
	tables[count++] = shared_options;
	return count;
}

bool option_is_known(const struct verb_option *option)
{
	if (is_machinectl())
		return link_has_option(machinectl_options, option);
	return !option->machinectl_only &&
	       (!is_importctl() || link_has_option(importctl_options, option));
}

struct match {
	const struct verb_option *option;
	const struct verb_option *other; /* if the beginning of a name may be that of two */
};

/* By its name, or the beginning of one. */
static void match_name(const struct verb_option *table, const char *word, size_t length,
		       struct match *match)
{
	for (const struct verb_option *o = table; o->name; o++) {
		if (strncmp(o->name, word, length) != 0 || !option_is_known(o))
			continue;
		if (!o->name[length]) {
			if (!match->option || match->option->name[length])
				*match = (struct match){ o, NULL };
			return;
		}
		if (!match->option)
			match->option = o;
		else if (match->option->name[length] && strcmp(match->option->name, o->name) != 0)
			match->other = o;
	}
}

static struct match find_name(const struct verb *verb, const char *word, size_t length)
{
	const struct verb_option *tables[OPTION_TABLES_MAX];
	struct match match = { 0 };
	size_t count = option_tables(verb, tables);

	for (size_t i = 0; i < count; i++)
		match_name(tables[i], word, length, &match);
	return match;
}

const struct verb_option *find_option(const struct verb *verb, const char *name, size_t length)
{
	return find_name(verb, name, length).option;
}

static const struct verb_option *find_letter(const struct verb *verb, char letter)
{
	const struct verb_option *tables[OPTION_TABLES_MAX];
	size_t count = option_tables(verb, tables);

	for (size_t i = 0; i < count; i++)
		for (const struct verb_option *o = tables[i]; o->name; o++)
			if (o->letter == letter && option_is_known(o))
				return o;
	return NULL;
}

/* The name that was probably meant, or NULL. */
static const char *suggest_option(const struct verb *verb, const char *word, size_t length)
{
	struct suggestion suggestion = suggestion_begin(word, length);
	const struct verb_option *tables[OPTION_TABLES_MAX];
	size_t count = option_tables(verb, tables);

	for (size_t i = 0; i < count; i++)
		for (const struct verb_option *o = tables[i]; o->name; o++)
			if (option_is_known(o) && o->help)
				suggestion_consider(&suggestion, o->name);
	return suggestion.best;
}

static void add_given(struct command_line *line, const struct verb_option *option,
		      const char *value)
{
	struct given_option given = { option, value };

	line->given = arena_grow(line->arena, line->given, line->n_given, sizeof given);
	line->given[line->n_given++] = given;
	if (option == &shared_options[0])
		line->wants_help = true;
	else if (option == &shared_options[1])
		line->no_pager = true;
	else if (option == &shared_options[2])
		line->wants_version = true;
}

/* The words are read from left to right; each option may take the next one. */
struct reader {
	struct command_line *line;
	int at;
	struct failure *failure; /* the first fault stays */
};

static int unknown_option(struct reader *r, const char *word, size_t length)
{
	const char *meant = suggest_option(r->line->verb, word, length);
	char quoted[QUOTED_SIZE];

	quote(word, quoted);
	return meant ? usage_failure(r->failure, "unrecognized option '--%s'; did you mean '--%s'?",
				     quoted, meant)
		     : usage_failure(r->failure, "unrecognized option '--%s'", quoted);
}

/* "--name", "--name=value" or "--name value" */
static int read_long(struct reader *r, const char *word)
{
	size_t length = strcspn(word, "=");
	struct match match = find_name(r->line->verb, word, length);
	const char *value = word[length] ? word + length + 1 : NULL;

	if (!match.option)
		return unknown_option(r, word, length);
	if (match.other)
		return usage_failure(r->failure,
				     "option '--%.*s' is ambiguous; possibilities: '--%s' '--%s'",
				     (int) length, word, match.option->name, match.other->name);
	if (value && !match.option->argument)
		return usage_failure(r->failure, "option '--%s' doesn't allow an argument",
				     match.option->name);
	if (!value && match.option->argument) {
		r->line->lacks_argument = match.option;
		if (r->at + 1 == r->line->n_words)
			return usage_failure(r->failure, "option '--%s' requires an argument",
					     match.option->name);
		r->line->lacks_argument = NULL;
		value = r->line->words[++r->at];
	}
	add_given(r->line, match.option, value);
	return 0;
}

static void add_given_letter(struct command_line *line, const struct verb_option *option)
{
	const struct verb_option *other =
		option->stands_for
			? find_option(line->verb, option->stands_for, strlen(option->stands_for))
			: NULL;

	if (other)
		add_given(line, other, option->stood_for_value());
	else
		add_given(line, option, NULL);
}

/* "-a", "-al", "-pNAME" or "-p NAME" */
static int read_letters(struct reader *r, const char *letters)
{
	for (; *letters; letters++) {
		const struct verb_option *option = find_letter(r->line->verb, *letters);
		char quoted[QUOTED_SIZE];

		if (!option)
			return usage_failure(r->failure, "invalid option -- '%s'",
					     quote((char[]){ *letters, '\0' }, quoted));
		if (!option->argument) {
			add_given_letter(r->line, option);
			continue;
		}
		if (!letters[1] && r->at + 1 == r->line->n_words) {
			r->line->lacks_argument = option;
			return usage_failure(r->failure, "option requires an argument -- '%c'",
					     *letters);
		}
		add_given(r->line, option, letters[1] ? letters + 1 : r->line->words[++r->at]);
		break;
	}
	return 0;
}

static void add_name(struct command_line *line, char *word)
{
	line->names = arena_grow(line->arena, line->names, (size_t) line->n_names, sizeof word);
	line->names[line->n_names] = word;
	if (word)
		line->n_names++;
}

/* Whether the words behind these operands are not options any more. */
static bool have_options_ended(const struct command_line *line)
{
	int count = line->verb->operands.options_end_after;

	return count > 0 && line->n_names == count;
}

/* The words behind "--", or behind the last option, are a command or operands. */
static void take_rest(struct reader *r, bool is_separated)
{
	struct command_line *line = r->line;

	if (is_separated && line->verb->takes_command) {
		line->command = line->words + r->at;
		return;
	}
	for (; r->at < line->n_words; r->at++)
		add_name(line, line->words[r->at]);
}

static int read_word(struct reader *r, char *word)
{
	if (word[0] != '-' || !word[1]) {
		add_name(r->line, word);
		return 0;
	}
	return word[1] == '-' ? read_long(r, word + 2) : read_letters(r, word + 1);
}

int command_line_read_words(struct command_line *line, struct failure *f)
{
	struct failure later;
	struct reader r = { .line = line, .failure = f };
	bool is_separated = false;
	int status = 0;

	for (; r.at < line->n_words && !is_separated && !have_options_ended(line); r.at++) {
		is_separated = strcmp(line->words[r.at], "--") == 0;
		if (is_separated || read_word(&r, line->words[r.at]) == 0)
			continue;
		status = -1;
		r.failure = &later;
	}
	take_rest(&r, is_separated);
	add_name(line, NULL);
	return status;
}

static int apply_options(const struct command_line *line, void *settings, struct failure *f)
{
	struct failure later;
	int status = 0;

	for (size_t i = 0; i < line->n_given; i++) {
		const struct verb_option *option = line->given[i].option;
		struct failure *fault = status < 0 ? &later : f;
		char quoted[QUOTED_SIZE];

		if (!option->set || option->set((char *) settings + option->offset,
						line->given[i].value, fault) == 0)
			continue;
		status = *option->name ? failure_prefix(fault, "%s: --%s=%s", line->verb->name,
							option->name,
							quote(line->given[i].value ?: "", quoted))
				       : failure_prefix(fault, "%s: -%c", line->verb->name,
							option->letter);
	}
	return status;
}

static int check_operands(const struct command_line *line, struct failure *f)
{
	const struct operands *operands = &line->verb->operands;
	const char *name = line->verb->name;

	if (line->n_names < operands->min)
		return usage_failure(f, "%s: %s", name, operands->too_few ?: "a name is missing");
	if (operands->max != OPERANDS_MANY && line->n_names > operands->max)
		return usage_failure(f, "%s: %s", name, operands->too_many ?: "takes no names");
	return 0;
}

int command_line_read(struct command_line *line, void *settings, struct failure *f)
{
	struct failure later;
	int status = command_line_read_words(line, f);

	if (apply_options(line, settings, status < 0 ? &later : f) < 0)
		status = -1;
	if (status < 0 || line->wants_help || line->wants_version ||
	    machinectl_asks_for_values(line))
		return status;
	return check_operands(line, f);
}

/*
 * Before the verb is known: may an option take the next word for its argument? Some verb's
 * option of this name, or with this letter, does.
 */
static bool may_take_next(const char *word, const char *next)
{
	bool is_long = word[1] == '-';
	size_t length = is_long ? strcspn(word + 2, "=") : 0;

	if (is_long && word[2 + length])
		return false;
	for (size_t i = 0; verbs[i]; i++) {
		const struct verb_option *option = NULL;

		if (is_long)
			option = find_name(verbs[i], word + 2, length).option;
		for (const char *letter = word + 1; !is_long && *letter; letter++) {
			option = find_letter(verbs[i], *letter);
			/* The rest of the word is the argument, if there is a rest. */
			if (option && option->argument && letter[1])
				return false;
		}
		/* "--uid" has an argument for one verb, and none for another. Not so in machinectl(1). */
		if (option && option->argument && (!is_long || is_machinectl() || !find_verb(next)))
			return true;
	}
	return false;
}

/* The index of the verb in argv, or argc if there is none. */
static int find_verb_word(int argc, char **argv)
{
	int i = 1;

	for (; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		if (argv[i][0] != '-' || !argv[i][1])
			break;
		if (i + 1 < argc && may_take_next(argv[i], argv[i + 1]))
			i++;
	}
	return i < argc ? i : argc;
}

int unknown_verb_failure(struct failure *f, const char *word)
{
	const char *meant = suggest_verb(word);
	char quoted[QUOTED_SIZE];

	quote(word, quoted);
	return meant ? usage_failure(f, "unknown verb '%s'; did you mean '%s'?", quoted, meant)
		     : usage_failure(f, "unknown verb '%s'; see %s --help", quoted,
				     program_invocation_short_name);
}

int command_line_find_verb(struct command_line *line, struct failure *f)
{
	int at = find_verb_word(line->argc, line->argv);
	const char *word = at < line->argc ? line->argv[at] : NULL;

	line->words = arena_alloc(line->arena, ((size_t) line->argc + 1) * sizeof *line->words);
	for (int i = 1; i < line->argc; i++)
		if (i != at)
			line->words[line->n_words++] = line->argv[i];
	line->is_verb_given = word;
	line->verb = find_verb(word ?: (is_importctl() ? "list-transfers" : "list"));
	return line->verb ? 0 : unknown_verb_failure(f, word);
}
