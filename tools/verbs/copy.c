/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines copy-to and copy-from */
#include "base/cleanup.h"
#include "base/path.h"
#include "base/quote.h"
#include "base/signals.h"
#include "tools/enter/copy_session.h"
#include "tools/enter/sealed_copy.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/option_values.h"
#include "tools/verbs/verb_entrance.h"

#include <errno.h>
#include <stdlib.h>

struct copy_settings {
	bool is_quiet;
	struct copy_session session;
};

static int run_copy(const char *machine, const struct copy_session *session, struct failure *f)
{
	CLEANUP(entrance_close) struct entrance entrance = ENTRANCE_INIT;
	struct notices notices = verb_notices();
	struct copy_result result;

	if (verb_entrance_open(machine, "whose files can't be reached from here; use scp",
			       &entrance, f) < 0 ||
	    copy_session_run(session, &entrance, &result, &notices, f) < 0)
		return -1;
	if (result.signal_number)
		return signal_raise_default(result.signal_number);
	return result.is_partial ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int copy_paths(const struct command_line *line, struct copy_settings *settings,
		      struct failure *f)
{
	struct copy_session *session = &settings->session;
	CLEANUP_FREE char *absolute = NULL;
	char quoted[QUOTED_SIZE], **names = line->names;
	const char *verb = line->verb->name;

	if (sealed_copy_enter(verb, line->argv, f) < 0)
		return -1;
	session->progress = settings->is_quiet ? NULL : stderr;
	/* machinectl(1) leaves files alone that a directory to merge with has already. */
	session->keep = is_machinectl() && !session->replace;
	session->here = names[!session->to_machine && names[2] ? 2 : 1];
	session->there = names[session->to_machine && names[2] ? 2 : 1];
	if (session->to_machine && !names[2])
		session->there = absolute = path_make_absolute(session->here);
	if (!session->there)
		return failure_errno(f, -errno, "%s: cannot determine the working directory", verb);
	if (*session->there != '/')
		return failure_set(f, FAILURE_INVALID,
				   "%s: the path in the machine must be absolute, '%s' isn't", verb,
				   quote(session->there, quoted));
	return run_copy(names[0], session, f);
}

static int copy_to(const struct command_line *line, void *data, struct failure *f)
{
	struct copy_settings *settings = data;

	settings->session.to_machine = true;
	return copy_paths(line, settings, f);
}

static int copy_from(const struct command_line *line, void *data, struct failure *f)
{
	return copy_paths(line, data, f);
}

static const struct verb_option options[] = {
	{ "quiet", 'q', SETS(struct copy_settings, is_quiet, set_true),
	  .help = "Show no progress" },
	{ "force", SETS(struct copy_settings, session.replace, set_true),
	  .help = "Replace files that are there already" },
	{ 0 },
};

#define TAKES "takes the name of a machine and one path or two"
#define NOTES                                                                                      \
	"Owners are translated by the id maps of the machine. A file whose owner isn't in\n"       \
	"the maps becomes root's."

const struct verb copy_to_verb = {
	.name = "copy-to",
	.synopsis = "[OPTION...] NAME PATH [PATH]",
	.list_entry = "NAME PATH",
	.summary = "Copy a file or directory into a container",
	.description = "Copy a file or directory of the host into a container. Without a second "
		       "path, it has the same path there.",
	.notes = NOTES,
	.group = VERB_ENTER,
	.is_machinectl = true,
	.operands = { 2,
		      3,
		      TAKES,
		      TAKES,
		      { COMPLETE_MACHINE, COMPLETE_FILE, COMPLETE_MACHINE_PATH } },
	.options = options,
	.settings_size = sizeof(struct copy_settings),
	.run = copy_to,
};

const struct verb copy_from_verb = {
	.name = "copy-from",
	.synopsis = "[OPTION...] NAME PATH [PATH]",
	.list_entry = "NAME PATH",
	.summary = "Copy a file or directory from a container",
	.description = "Copy a file or directory of a container to the host. Without a second "
		       "path, it has the same path here.",
	.notes = NOTES,
	.group = VERB_ENTER,
	.is_machinectl = true,
	.operands = { 2,
		      3,
		      TAKES,
		      TAKES,
		      { COMPLETE_MACHINE, COMPLETE_MACHINE_PATH, COMPLETE_FILE } },
	.options = options,
	.settings_size = sizeof(struct copy_settings),
	.run = copy_from,
};
