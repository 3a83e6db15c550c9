/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/import_program.h"

#include "base/cleanup.h"
#include "base/program.h"
#include "tools/describe/json.h"
#include "tools/verbs/importctl.h"
#include "tools/verbs/option_values.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "mymachines-import"

static bool has_effect(const struct given_option *given)
{
	/* Rows of machinectl's own, and those that all verbs have, are none of the verb's. */
	return given->option->help;
}

static bool can_keep_download(const struct verb *verb)
{
	for (const struct verb_option *o = verb->options; o && o->name; o++)
		if (strcmp(o->name, "keep-download") == 0)
			return true;
	return false;
}

/* importctl(1) keeps what it fetches, if nobody gives its option -N. */
static bool is_keeping(const struct command_line *line)
{
	if (!is_importctl() || !can_keep_download(line->verb))
		return false;
	for (size_t i = 0; i < line->n_given; i++)
		if (line->given[i].option->letter == 'N')
			return false;
	return true;
}

/* An option as the program reads it. NULL if it changes nothing there. */
static char *make_word(struct arena *arena, const struct given_option *given)
{
	enum json_mode mode = JSON_OFF;
	struct failure unused;

	if (!has_effect(given))
		return NULL;
	/* The program knows the modes of --json=. */
	if (strcmp(given->option->name, "output") == 0)
		return set_output_mode(&mode, given->value, &unused) < 0 || mode == JSON_OFF
			       ? NULL
			       : arena_printf(arena, "--json=%s",
					      mode == JSON_PRETTY ? "pretty" : "short");
	return given->value ? arena_printf(arena, "--%s=%s", given->option->name, given->value)
			    : arena_printf(arena, "--%s", given->option->name);
}

static char **make_words(const struct command_line *line)
{
	size_t count = 0;
	char **words = arena_alloc(line->arena,
				   (line->n_given + (size_t) line->n_names + 6) * sizeof *words);

	words[count++] = program_invocation_short_name;
	words[count++] = arena_strdup(line->arena, line->verb->name);
	/* Its lists have a column more. */
	if (is_importctl())
		words[count++] = arena_strdup(line->arena, "--class=machine");
	if (is_keeping(line))
		words[count++] = arena_strdup(line->arena, "--keep-download=yes");
	for (size_t i = 0; i < line->n_given; i++) {
		words[count] = make_word(line->arena, &line->given[i]);
		count += words[count] ? 1 : 0;
	}
	words[count++] = arena_strdup(line->arena, "--");
	for (int i = 0; i < line->n_names; i++)
		words[count++] = line->names[i];
	words[count] = NULL;
	return words;
}

int run_import_program(const struct command_line *line, void *settings, struct failure *f)
{
	const char *program = program_of_ours(line->arena, LIBEXEC_DIRECTORY, PROGRAM);

	(void) settings;
	if (!program)
		return failure_set(f, FAILURE_NO_PROGRAM,
				   "%s: %s isn't installed: mymachines was configured without "
				   "libarchive",
				   line->verb->name, PROGRAM);
	execv(program, make_words(line));
	return failure_errno(f, -errno, "%s: cannot execute %s", line->verb->name, PROGRAM);
}
