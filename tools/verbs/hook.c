/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines hook: what runtimes run when a machine starts and stops. */
#include "tools/hooks/hook.h"

#include "base/cleanup.h"
#include "tools/hooks/hook_guard.h"
#include "tools/messages/message.h"
#include "tools/verbs/fact_options.h"
#include "tools/verbs/option_values.h"
#include "tools/verbs/verb_help.h"

#include <signal.h>
#include <stdlib.h>

struct hook_settings {
	const char *name;
	bool annotations;
	bool no_monitor;
	bool strict;
};

/* The work of the child, under the guard's watch. */
struct hook_work {
	const struct command_line *line;
	const struct hook_settings *settings;
	const struct hook_kind *kind;
};

/* Facts given as options take precedence over the runtime's, so they come last. */
static int register_machine(struct hook *hook, const struct hook_work *work, struct failure *f)
{
	if (fact_options_apply(work->line, &hook->reg, f) < 0)
		return failure_prefix(f, "%s", hook->reg.subject);
	return hook_register(hook, f);
}

static int handle_event(struct hook *hook, const struct hook_work *work, struct failure *f)
{
	switch (hook->event) {
	case HOOK_START: return register_machine(hook, work, f);
	case HOOK_STOP: return hook_unregister(hook, f);
	case HOOK_NOTHING: break;
	}
	return 0;
}

/* Returns an exit status. */
static int do_work(void *data)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	const struct hook_work *work = data;
	struct notices notices = { 0 };
	struct hook hook = { .reg.arena = &arena,
			     .notices = &notices,
			     .with_annotations = work->settings->annotations,
			     .no_monitor = work->settings->no_monitor };
	struct failure f;
	int r;

	hook.reg.subject = arena_printf(&arena, "hook %s", work->kind->name);
	hook_add_name(&hook, work->settings->name);
	r = work->kind->read(&hook, work->line->names + 1, &f);
	if (r == 0)
		r = handle_event(&hook, work, &f);
	report_notices(&notices, false);
	return r < 0 ? report(&f) : EXIT_SUCCESS;
}

/* Returns an exit status, or -1 with a failure. */
static int run_guarded(const struct command_line *line, const struct hook_settings *settings,
		       struct failure *f)
{
	struct hook_work work = { line, settings, hook_find_kind(line->names[0], f) };
	int status;

	if (!work.kind)
		return -1;
	if (!hook_has_registry())
		return EXIT_SUCCESS;
	status = hook_guard_run(do_work, &work, f);
	return status < 0 ? failure_prefix(f, "hook %s", work.kind->name) : status;
}

/* The exit status after a failure: only a strict hook keeps the machine from starting. */
static int failure_status(const struct hook_settings *settings)
{
	return settings->strict ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_hook(const struct command_line *words, void *data, struct failure *f)
{
	const struct hook_settings *settings = data;
	struct command_line line = *words;
	int status;

	/* The reader of our standard error may have gone. */
	signal(SIGPIPE, SIG_IGN);
	messages_go_to(MESSAGES_TO_BOTH);
	hook_guard_start(EXIT_SUCCESS);
	/* Also after a fault, this finds --strict. */
	status = command_line_read(&line, data, f);
	hook_guard_start(failure_status(settings));
	if (status == 0 && line.wants_help) {
		print_verb_help(line.verb);
		return EXIT_SUCCESS;
	}
	if (status == 0)
		status = run_guarded(&line, settings, f);
	else
		failure_prefix(f, "hook");
	if (status < 0)
		report(f);
	return status == EXIT_SUCCESS ? EXIT_SUCCESS : failure_status(settings);
}

static const struct verb_option options[] = {
	{ "strict", SETS(struct hook_settings, strict, set_true),
	  .help = "Fail if the machine can't be registered" },
	{ "name", .argument = "NAME", SETS(struct hook_settings, name, set_text),
	  .help = "The machine's name, instead of the runtime's" },
	{ "annotations", SETS(struct hook_settings, annotations, set_true),
	  .help = "Take name, aliases and class from a container's annotations or a domain's "
		  "metadata" },
	{ "no-monitor", SETS(struct hook_settings, no_monitor, set_true),
	  .help = "Don't start the monitor" },
	{ 0 },
};

const struct verb hook_verb = {
	.name = "hook",
	.synopsis = "oci [OPTION...] < STATE\n"
		    "lxc [OPTION...]\n"
		    "libvirt [OPTION...] lxc|qemu NAME OPERATION... < XML",
	.list_entry = "KIND",
	.summary = "Register a machine as its runtime describes it",
	.description =
		"Runtimes run this when a machine starts and stops, after 'mymachines setup' "
		"has told them to. The machine is registered as the runtime describes it, and "
		"unregistered when it has stopped. Errors are logged and don't prevent a "
		"machine from starting: the exit status is 0.",
	.group = VERB_SET_UP,
	.takes_facts = true,
	.reads_words = true,
	.operands = { .max = OPERANDS_MANY,
		      .values = { "libvirt lxc oci", "" },
		      .options_end_after = 2 },
	.options = options,
	.settings_size = sizeof(struct hook_settings),
	.run = run_hook,
};
