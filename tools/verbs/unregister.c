/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines unregister */
#include "base/cleanup.h"
#include "registry/lookup.h"
#include "tools/messages/message.h"
#include "tools/registrar/publish.h"
#include "tools/verbs/command_line.h"

#include <stdlib.h>

static int unregister(struct writer *w, const char *name, struct failure *f)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine machine;
	int r;

	if (machine_find_in_change(w, name, &machine, f) < 0)
		return -1;
	machine_name_fold(machine.name, folded);
	r = writer_remove(w, folded);
	return r < 0 ? registry_failure(f, w->blamed, r) : 0;
}

static int unregister_names(const struct command_line *line, void *settings, struct failure *f)
{
	CLEANUP(writer_close) struct writer writer = { .lock = -1, .file = -1 };
	struct notices notices = { 0 };
	int status = EXIT_SUCCESS, r;

	(void) settings;
	if (open_registry_writer(&writer, f) < 0)
		return -1;
	/* Also after a name that isn't registered, the others are unregistered. */
	for (int i = 0; i < line->n_names; i++)
		if (unregister(&writer, line->names[i], f) < 0)
			status = report(f);
	r = publish(&writer, &notices, f);
	report_notices(&notices, false);
	return r < 0 ? -1 : status;
}

const struct verb unregister_verb = {
	.name = "unregister",
	.synopsis = "NAME...",
	.summary = "Unregister machines; their processes continue",
	.description =
		"Unregister machines, each by its name or an alias. Their processes continue.",
	.group = VERB_REGISTER,
	.operands = { .min = 1, .max = OPERANDS_MANY, .values = { COMPLETE_MACHINE } },
	.run = unregister_names,
};
