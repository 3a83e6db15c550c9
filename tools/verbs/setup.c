/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines setup: have runtimes register their machines, and glibc ask for them. */
#include "tools/setup/setup.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "tools/messages/message.h"
#include "tools/verbs/command_line.h"
#include "tools/verbs/option_values.h"

#include <stdio.h>
#include <stdlib.h>

struct setup_settings {
	bool all;
	bool check;
	bool dry_run;
	bool quiet;
	struct setup_options options;
};

static const char *pending_words(const struct change *change, bool remove)
{
	if (remove || !change->after)
		return "is to be removed";
	return change->is_outdated ? "is set up, but not as setup would do it now" : "isn't set up";
}

/* Tell which changes aren't made. What the plan leaves out has been reported. Returns an exit status. */
static int check_plan(const struct setup_plan *plan)
{
	const char *name = plan->target->name;
	bool remove = plan->options->remove;
	char quoted[QUOTED_SIZE];

	for (size_t i = 0; i < plan->n_changes; i++)
		if (change_is_pending(&plan->changes[i]))
			printf("%s: %s: %s\n", name, quote(plan->changes[i].path, quoted),
			       pending_words(&plan->changes[i], remove));
	if (setup_is_pending(plan) || plan->gaps.count)
		return EXIT_FAILURE;
	printf("%s: %s\n", name, remove ? "is removed" : "is set up");
	return EXIT_SUCCESS;
}

static int make_changes(const struct setup_plan *plan, const struct setup_settings *settings,
			struct failure *f)
{
	for (size_t i = 0; i < plan->n_changes; i++) {
		if (!change_is_pending(&plan->changes[i]))
			continue;
		if (!settings->quiet || settings->dry_run)
			fputs(change_diff(plan->arena, &plan->changes[i]), stdout);
		if (settings->dry_run || change_apply(plan->arena, &plan->changes[i], f) == 0)
			continue;
		/* A file can be changed by hand. */
		if (settings->quiet && !plan->changes[i].apply)
			fputs(change_diff(plan->arena, &plan->changes[i]), stderr);
		return -1;
	}
	if (plan->next_step && !settings->quiet && !settings->dry_run)
		printf("%s: %s\n", plan->target->name, plan->next_step);
	return EXIT_SUCCESS;
}

/* Returns an exit status, or -1 with a failure. */
static int set_up(const struct setup_target *target, const struct setup_settings *settings,
		  struct failure *f)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct setup_plan plan;

	if (setup_make_plan(&arena, target, &settings->options, &plan, f) < 0)
		return failure_prefix(f, "setup");
	for (size_t i = 0; i < plan.gaps.count; i++)
		complain("setup: %s: %s", target->name, plan.gaps.items[i]);
	if (settings->check)
		return check_plan(&plan);
	if (setup_is_pending(&plan))
		return make_changes(&plan, settings, f);
	if (!settings->quiet)
		printf("%s: nothing to do\n", target->name);
	return EXIT_SUCCESS;
}

/* All targets are checked before anything is changed. */
static int check_targets(const struct command_line *line, const struct setup_options *options,
			 struct failure *f)
{
	for (int i = 0; i < line->n_names; i++) {
		const struct setup_target *target = setup_find_target(line->names[i], f);

		if (!target || setup_check_options(target, options, f) < 0)
			return failure_prefix(f, "setup");
	}
	return 0;
}

/* Returns an exit status. A failure is reported, so that other targets follow. */
static int set_up_and_report(const struct setup_target *target,
			     const struct setup_settings *settings)
{
	struct failure f;
	int r = set_up(target, settings, &f);

	return r < 0 ? report(&f) : r;
}

/* Remove what setup has written anywhere but in files that only options name. */
static int remove_all(const struct setup_settings *settings)
{
	int status = EXIT_SUCCESS;

	for (size_t i = 0; i < n_setup_targets; i++)
		if (setup_may_have_changed(&setup_targets[i]) &&
		    set_up_and_report(&setup_targets[i], settings) != EXIT_SUCCESS)
			status = EXIT_FAILURE;
	return status;
}

static int set_up_targets(const struct command_line *line, void *data, struct failure *f)
{
	const struct setup_settings *settings = data;
	int status = EXIT_SUCCESS;

	if (settings->all && (!settings->options.remove || line->n_names > 0))
		return usage_failure(f, "setup: --all is for --remove alone, without names");
	if (settings->all)
		return remove_all(settings);
	if (line->n_names == 0)
		return usage_failure(f, "setup: name a runtime, bus, nss or varlink");
	if (check_targets(line, &settings->options, f) < 0)
		return -1;
	for (int i = 0; i < line->n_names; i++) {
		const struct setup_target *target = setup_find_target(line->names[i], f);

		if (set_up_and_report(target, settings) != EXIT_SUCCESS)
			status = EXIT_FAILURE;
	}
	return status;
}

static void print_targets(void)
{
	for (size_t i = 0; i < n_setup_targets; i++)
		printf("  %-8s  %s\n", setup_targets[i].name, setup_targets[i].summary);
	puts("\n"
	     "QEMU, bubblewrap, unshare and others have no hook: see 'mymachines run --help'\n"
	     "and 'mymachines run-qemu --help'.\n");
}

static const struct verb_option options[] = {
	{ "remove", SETS(struct setup_settings, options.remove, set_true),
	  .help = "Remove what setup has written, and nothing else" },
	{ "all", SETS(struct setup_settings, all, set_true),
	  .help = "With --remove: do that for everything that can be set up" },
	{ "check", SETS(struct setup_settings, check, set_true),
	  .help = "Only check whether it is set up, and fail if not" },
	{ "dry-run", SETS(struct setup_settings, dry_run, set_true),
	  .help = "Only show what would be changed" },
	{ "quiet", 'q', SETS(struct setup_settings, quiet, set_true),
	  .help = "Don't show the changes" },
	{ "strict", SETS(struct setup_settings, options.strict, set_true),
	  .help = "Refuse to start machines that can't be registered" },
	{ "annotations", SETS(struct setup_settings, options.annotations, set_true),
	  .help = "podman, runc, crun, libvirt: let annotations, which images may have, and "
		  "metadata give names, aliases and classes" },
	{ "bundle", .argument = "PATH", SETS(struct setup_settings, options.bundle, set_full_text),
	  .help = "runc, crun: the bundle (default: the current directory)",
	  .values = COMPLETE_DIRECTORY },
	{ "config", .argument = "PATH", SETS(struct setup_settings, options.config, set_full_text),
	  .help = "lxc: the configuration of one container", .values = COMPLETE_FILE },
	{ "hooks-dir", .argument = "PATH",
	  SETS(struct setup_settings, options.hooks_dir, set_full_text),
	  .help = "podman: a directory of hooks.d files that it reads",
	  .values = COMPLETE_DIRECTORY },
	{ "profile", .argument = "NAME",
	  SETS(struct setup_settings, options.profile, set_full_text),
	  .help = "lxd: the profile (default: default)" },
	{ 0 },
};

const struct verb setup_verb = {
	.name = "setup",
	.synopsis = "[OPTION...] RUNTIME...\n[OPTION...] bus|nss|varlink\n--remove --all",
	.list_entry = "RUNTIME...",
	.summary = "Make a runtime register its machines",
	.description =
		"Make a runtime register its machines when they start, by its hooks, or make "
		"the host's programs look machines up. Each change is shown.",
	.print_notes = print_targets,
	.group = VERB_SET_UP,
	.operands = { .max = OPERANDS_MANY, .values = { COMPLETE_RUNTIME } },
	.options = options,
	.settings_size = sizeof(struct setup_settings),
	.run = set_up_targets,
};
