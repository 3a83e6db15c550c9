/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/setup_plan.h"

#include "base/program.h"
#include "base/quote.h"
#include "tools/setup/checksum.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

void setup_add_change(struct setup_plan *plan, const struct change *change)
{
	plan->changes = arena_grow(plan->arena, plan->changes, plan->n_changes, sizeof *change);
	plan->changes[plan->n_changes++] = *change;
}

void setup_add_gap(struct setup_plan *plan, const char *format, ...)
{
	struct setup_gaps *gaps = &plan->gaps;
	va_list arguments;

	gaps->items = arena_grow(plan->arena, gaps->items, gaps->count, sizeof *gaps->items);
	va_start(arguments, format);
	gaps->items[gaps->count++] = arena_vprintf(plan->arena, format, arguments);
	va_end(arguments);
}

bool setup_runs_program(const char *text)
{
	static const char around[] = " \"'";
	const char *program = program_own_path(), *found = text;

	while ((found = strstr(found, program))) {
		const char *end = found + strlen(program);

		if (found > text && strchr(around, found[-1]) && *end && strchr(around, *end))
			return true;
		found = end;
	}
	return false;
}

int setup_add_file(struct setup_plan *plan, const char *path, const char *after, mode_t mode,
		   const char *mark, struct failure *f)
{
	struct change change = { .path = path, .after = after, .mode = mode };
	char quoted[QUOTED_SIZE];

	if (change_read(plan->arena, &change, f) < 0)
		return -1;
	if (change.before && !strstr(change.before, mark))
		return failure_set(f, FAILURE_EXISTS,
				   "%s: setup did not write this file; move it away first",
				   quote(path, quoted));
	change.is_outdated = change.before && after && change_is_pending(&change) &&
			     !change_lacks_execution(&change) && setup_runs_program(change.before);
	setup_add_change(plan, &change);
	return 0;
}

bool setup_is_read_only(const struct setup_plan *plan, const char *directory)
{
	char *path = arena_strdup(plan->arena, directory), *slash;

	while (access(path, W_OK) < 0) {
		if (errno != ENOENT || !(slash = strrchr(path, '/')) || slash == path)
			return errno == EROFS;
		*slash = '\0';
	}
	return false;
}

void setup_own_directory(struct setup_plan *plan)
{
	plan->changes[plan->n_changes - 1].has_own_directory = true;
}

int setup_add_sealed_file(struct setup_plan *plan, const char *path, const char *after,
			  const char *mark, struct failure *f)
{
	const char *text = after ? checksum_put(plan->arena, after, mark) : NULL, *before;

	if (setup_add_file(plan, path, text, 0644, mark, f) < 0)
		return -1;
	before = plan->changes[plan->n_changes - 1].before;
	return before && checksum_is_wrong(plan->arena, before, mark) ? setup_refuse_edited(path, f)
								      : 0;
}

int setup_refuse_edited(const char *path, struct failure *f)
{
	char quoted[QUOTED_SIZE];

	return failure_set(f, FAILURE_EXISTS,
			   "%s: setup wrote this file, and somebody has changed it since; move "
			   "the changes elsewhere, and remove the file first",
			   quote(path, quoted));
}

int setup_check_lines(struct setup_plan *plan, const char *const *patterns, struct failure *f)
{
	const struct change *change = &plan->changes[plan->n_changes - 1];
	char *rest, *line;

	if (!change->before)
		return 0;
	rest = arena_strdup(plan->arena, change->before);
	while ((line = strsep(&rest, "\n")) && *patterns && fnmatch(*patterns, line, 0) == 0)
		patterns++;
	/* Behind the last newline is nothing. */
	return *patterns || (line && *line) || rest ? setup_refuse_edited(change->path, f) : 0;
}

char *setup_quote(const struct setup_plan *plan, const char *word)
{
	char *quoted = arena_alloc(plan->arena, strlen(word) * 4 + 3), *to = quoted;

	if (!word[strspn(word, "/-_.+abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "0123456789")])
		return arena_strdup(plan->arena, word);
	*to++ = '\'';
	for (; *word; word++) {
		if (*word == '\'')
			to = stpcpy(to, "'\\'");
		*to++ = *word;
	}
	*to = '\'';
	return quoted;
}

char *setup_hook_line(const struct setup_plan *plan, const char *arguments, const char *operands)
{
	const char *program = setup_quote(plan, program_own_path()),
		   *annotations = plan->options->annotations ? " --annotations" : "";

	if (plan->options->strict)
		return arena_printf(plan->arena, "exec %s hook %s%s --strict%s", program, arguments,
				    annotations, operands);
	return arena_printf(plan->arena, "[ ! -x %s ] || %s hook %s%s%s || :", program, program,
			    arguments, annotations, operands);
}

char *setup_hook_line_of_pipe(const struct setup_plan *plan, const char *arguments,
			      const char *operands)
{
	return arena_printf(plan->arena, "%s%s", setup_hook_line(plan, arguments, operands),
			    plan->options->strict ? "" : SETUP_HOOK_READS_REST);
}
