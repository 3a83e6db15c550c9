/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines help */
#include "tools/verbs/command_line.h"
#include "tools/verbs/importctl.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/manual_page.h"
#include "tools/verbs/verb_help.h"
#include "tools/verbs/verbs.h"

#include <stdlib.h>

static int print_help(const struct command_line *line, void *settings, struct failure *f)
{
	const struct verb *verb = line->n_names ? find_verb(line->names[0]) : NULL;

	(void) settings;
	if (line->n_names && !verb)
		return unknown_verb_failure(f, line->names[0]);
	if (is_machinectl())
		machinectl_print_help();
	else if (is_importctl())
		importctl_print_help();
	else if (!verb)
		print_program_help();
	else if (!manual_page_show(verb->name))
		print_verb_help(verb);
	return EXIT_SUCCESS;
}

const struct verb help_verb = {
	.name = "help",
	.synopsis = "[VERB]",
	.summary = "Show help",
	.description =
		"Show the list of verbs, or the manual of a verb. Without a terminal, or where the "
		"manual isn't installed, show the verb's --help.",
	.group = VERB_HIDDEN,
	.is_machinectl = true,
	.is_importctl = true,
	.has_pager = true,
	.operands = { .max = 1, .too_many = "takes one verb", .values = { COMPLETE_VERB } },
	.run = print_help,
};
