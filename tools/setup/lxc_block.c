/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/setup/lxc_block.h"

#include "tools/setup/lxc_hooks.h"
#include "tools/setup/marked_block.h"
#include "tools/setup/setup_plan.h"

#include <string.h>

/*
 * Both values of lxc.hook.version will do. LXC puts "exec" before the line and
 * arguments behind it, so it has to be one command.
 */
char *lxc_block_lines(const struct setup_plan *plan)
{
	char *line = arena_printf(plan->arena, "/bin/sh -c %s mymachines",
				  setup_quote(plan, setup_hook_line(plan, "lxc", " -- \"$@\"")));

	return arena_printf(plan->arena, LXC_HOOK_START " = %s\n" LXC_HOOK_STOP " = %s\n", line,
			    line);
}

/* Whether a text has a block of ours that runs this program. */
static bool has_block(const struct setup_plan *plan, const char *text)
{
	const char *theirs = marked_block_remove(plan->arena, text);

	return text && (!theirs || strcmp(theirs, text) != 0) && setup_runs_program(text);
}

bool lxc_block_is_in_effect(const struct setup_plan *plan, const char *text)
{
	return has_block(plan, text) ||
	       lxc_hooks_are_in_effect(plan->arena, text, lxc_block_lines(plan), LXC_COMMON_FILE);
}

void lxc_block_edit(const struct setup_plan *plan, struct change *change)
{
	char *lines = lxc_block_lines(plan),
	     *theirs = marked_block_remove(plan->arena, change->before);

	change->after = theirs;
	if (plan->options->remove)
		return;
	change->after = marked_block_put(plan->arena, change->before, lines);
	if (lxc_hooks_are_in_effect(plan->arena, change->after, lines, LXC_COMMON_FILE))
		change->is_outdated = change_is_pending(change) && has_block(plan, change->before);
	else
		change->after = marked_block_put(plan->arena, theirs, lines);
}
