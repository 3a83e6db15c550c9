/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/hooks/hook_reader.h"

#include "base/input.h"
#include "base/quote.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Runtimes write the whole input at once. */
#define INPUT_MILLISECONDS 5000

void hook_set_subject(struct hook *hook, const char *name)
{
	char quoted[QUOTED_SIZE];

	hook->reg.subject =
		arena_printf(hook->reg.arena, "%s: %s", hook->reg.subject, quote(name, quoted));
}

void hook_set_leader(struct hook *hook, int64_t pid)
{
	hook->reg.leader = pid;
	hook->reg.has_leader = true;
}

void hook_add_runtime_name(struct hook *hook, const char *prefix, const char *name)
{
	if (!name || !*name)
		return;
	if (!hook->wanted)
		hook->wanted = name;
	name_candidates_add(&hook->names, name);
	name_candidates_make(&hook->names, hook->reg.arena, prefix, name);
}

void hook_add_aliases(struct hook *hook, const char *list)
{
	char *words = arena_strdup(hook->reg.arena, list ? list : ""), *rest;

	for (char *word = strtok_r(words, ", \t\n", &rest); word;
	     word = strtok_r(NULL, ", \t\n", &rest)) {
		hook->aliases = arena_grow(hook->reg.arena, (void *) hook->aliases, hook->n_aliases,
					   sizeof *hook->aliases);
		hook->aliases[hook->n_aliases++] = word;
	}
}

void hook_set_found(struct hook *hook, registration_setter *set, const char *value)
{
	registration_set_found(&hook->reg, set, value, hook->notices);
}

int hook_read_input(struct hook *hook, char **text, size_t *size, struct failure *f)
{
	int r = input_read(hook->reg.arena, STDIN_FILENO, INPUT_MILLISECONDS, text, size);

	if (r == -EFBIG)
		return failure_set(f, FAILURE_INVALID, "%s: standard input is longer than 16 MiB",
				   hook->reg.subject);
	if (r == -ETIMEDOUT)
		return failure_set(f, FAILURE_TIMED_OUT, "%s: standard input doesn't end",
				   hook->reg.subject);
	if (r < 0)
		return failure_errno(f, r, "%s: cannot read standard input", hook->reg.subject);
	return 0;
}
