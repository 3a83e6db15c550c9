/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines setup: have runtimes register their machines, and glibc ask for them. */
#include "tools/setup.h"

#include "registry/cleanup.h"
#include "tools/message.h"
#include "tools/program.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct target {
	const char *name;
	const char *what;
	setup_planner *plan;
	const char *program; /* by which a runtime is known to be here */
	const char *option;  /* the one that it has alone */
	bool is_per_container;
} targets[] = {
	/* clang-format off */
	{ "crun", "OCI hooks in a bundle", setup_oci, "crun", "bundle", true },
	{ "libvirt", "hook scripts of its LXC and QEMU drivers", setup_libvirt, "libvirtd", NULL, false },
	{ "lxc", "hooks of all containers, or of one", setup_lxc, "lxc-start", "config", false },
	{ "lxd", "hooks in a profile", setup_lxd, "lxd", "profile", false },
	{ "nspawn", "a drop-in for systemd-nspawn@.service", setup_nspawn, "systemd-nspawn", NULL, false },
	{ "nss", "mymachines in /etc/nsswitch.conf", setup_nss, NULL, NULL, false },
	{ "podman", "OCI hooks of all containers", setup_podman, "podman", "hooks-dir", false },
	{ "runc", "OCI hooks in a bundle", setup_oci, "runc", "bundle", true },
	/* clang-format on */
};

#define N_TARGETS (sizeof targets / sizeof *targets)

/* Those that have no hook, so that nothing can be set up. */
static const struct {
	const char *name;
	const char *verb;
} hookless[] = {
	{ "bubblewrap", "run" }, { "bwrap", "run" },   { "kvm", "run-qemu" },
	{ "qemu", "run-qemu" },	 { "unshare", "run" },
};

struct settings {
	bool check;
	bool dry_run;
	bool help;
	bool quiet;
	struct setup common; /* what goes to every planner */
};

static int help(void)
{
	puts("Usage: mymachines setup [OPTION...] RUNTIME...\n"
	     "       mymachines setup [OPTION...] nss\n"
	     "\n"
	     "Have a runtime register its machines when they start, by the hook that it has for\n"
	     "this, or have the host's programs ask for them. What is changed is shown.\n");
	for (size_t i = 0; i < N_TARGETS; i++)
		printf("  %-8s  %s\n", targets[i].name, targets[i].what);
	puts("\n"
	     "QEMU, bubblewrap, unshare and others have no hook: see 'mymachines run --help'\n"
	     "and 'mymachines run-qemu --help'.\n"
	     "\n"
	     "  -h, --help          Show this help\n"
	     "      --remove        Take it out again; what others wrote there stays\n"
	     "      --check         Only tell whether it is set up; fail if not\n"
	     "      --dry-run       Only show what would be changed\n"
	     "  -q, --quiet         Don't show what is changed\n"
	     "      --strict        Machines that can't be registered aren't to start\n"
	     "      --bundle=PATH   runc, crun: the bundle; the current directory by default\n"
	     "      --config=PATH   lxc: the configuration of one container\n"
	     "      --hooks-dir=PATH\n"
	     "                      podman: a directory of hooks.d files that it reads\n"
	     "      --profile=NAME  lxd: the profile; 'default' by default");
	return EXIT_SUCCESS;
}

enum {
	OPTION_BUNDLE = 256,
	OPTION_CHECK,
	OPTION_CONFIG,
	OPTION_DRY_RUN,
	OPTION_HOOKS_DIR,
	OPTION_PROFILE,
	OPTION_REMOVE,
	OPTION_STRICT,
};

static int parse(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "bundle", required_argument, NULL, OPTION_BUNDLE },
		{ "check", no_argument, NULL, OPTION_CHECK },
		{ "config", required_argument, NULL, OPTION_CONFIG },
		{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
		{ "hooks-dir", required_argument, NULL, OPTION_HOOKS_DIR },
		{ "profile", required_argument, NULL, OPTION_PROFILE },
		{ "remove", no_argument, NULL, OPTION_REMOVE },
		{ "strict", no_argument, NULL, OPTION_STRICT },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((optarg = NULL, option = getopt_long(argc, argv, "hq", options, NULL)) >= 0) {
		switch (option) {
		case 'h': settings->help = true; break;
		case 'q': settings->quiet = true; break;
		case OPTION_BUNDLE: settings->common.bundle = optarg; break;
		case OPTION_CHECK: settings->check = true; break;
		case OPTION_CONFIG: settings->common.config = optarg; break;
		case OPTION_DRY_RUN: settings->dry_run = true; break;
		case OPTION_HOOKS_DIR: settings->common.hooks_dir = optarg; break;
		case OPTION_PROFILE: settings->common.profile = optarg; break;
		case OPTION_REMOVE: settings->common.remove = true; break;
		case OPTION_STRICT: settings->common.strict = true; break;
		default: return -1;
		}
		if (optarg && !*optarg) {
			complain("setup: an option has an empty value");
			return -1;
		}
	}
	return 0;
}

void setup_add(struct setup *setup, const struct change *change)
{
	setup->changes = arena_grow(setup->arena, setup->changes, setup->n_changes, sizeof *change);
	setup->changes[setup->n_changes++] = *change;
}

int setup_fail(const struct setup *setup, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = arena_vprintf(setup->arena, format, arguments);
	va_end(arguments);
	if (!setup->unattended)
		complain("setup: %s", text);
	return -1;
}

int setup_read(const struct setup *setup, struct change *change)
{
	return change_read(setup->arena, change, setup->unattended);
}

int setup_add_file(struct setup *setup, const char *path, const char *after, mode_t mode,
		   const char *ours)
{
	struct change change = { .path = path, .after = after, .mode = mode };
	char quoted[QUOTED_SIZE];

	if (setup_read(setup, &change) < 0)
		return -1;
	if (change.before && !strstr(change.before, ours))
		return setup_fail(setup, "%s: isn't what setup writes; move it away first",
				  quote(path, quoted));
	setup_add(setup, &change);
	return 0;
}

char *setup_quote(struct setup *setup, const char *word)
{
	char *quoted = arena_alloc(setup->arena, strlen(word) * 4 + 3), *to = quoted;

	if (!word[strspn(word, "/-_.+abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "0123456789")])
		return arena_strdup(setup->arena, word);
	*to++ = '\'';
	for (; *word; word++) {
		if (*word == '\'')
			to = stpcpy(to, "'\\'");
		*to++ = *word;
	}
	*to = '\'';
	return quoted;
}

char *setup_hook_line(struct setup *setup, const char *arguments, const char *more)
{
	char *program = setup_quote(setup, program_own_path());

	if (setup->strict)
		return arena_printf(setup->arena, "exec %s hook %s --strict%s", program, arguments,
				    more);
	return arena_printf(setup->arena, "[ ! -x %s ] || %s hook %s%s || :", program, program,
			    arguments, more);
}

static bool is_pending(const struct setup *setup)
{
	for (size_t i = 0; i < setup->n_changes; i++)
		if (change_is_pending(&setup->changes[i]))
			return true;
	return false;
}

static int check(const struct setup *setup)
{
	char quoted[QUOTED_SIZE];
	bool is_done = true;

	for (size_t i = 0; i < setup->n_changes; i++)
		if (change_is_pending(&setup->changes[i])) {
			printf("%s: %s: %s\n", setup->target, quote(setup->changes[i].path, quoted),
			       setup->remove ? "is to be removed" : "isn't set up");
			is_done = false;
		}
	if (is_done)
		printf("%s: %s\n", setup->target, setup->remove ? "is removed" : "is set up");
	return is_done ? 0 : -1;
}

static int make_changes(struct setup *setup, const struct settings *settings)
{
	if (!is_pending(setup)) {
		if (!settings->quiet)
			printf("%s: nothing to do\n", setup->target);
		return 0;
	}
	for (size_t i = 0; i < setup->n_changes; i++) {
		if (!change_is_pending(&setup->changes[i]))
			continue;
		if (!settings->quiet || settings->dry_run)
			change_print(setup->arena, &setup->changes[i]);
		if (!settings->dry_run && change_apply(setup->arena, &setup->changes[i]) < 0)
			return -1;
	}
	if (setup->next_step && !settings->quiet && !settings->dry_run)
		printf("%s: %s\n", setup->target, setup->next_step);
	return 0;
}

/* It goes into files of lines. */
static int check_own_path(void)
{
	const char *path = program_own_path();

	for (const char *p = path; p && *p; p++)
		if ((unsigned char) *p < 0x20 || *p == 0x7f)
			path = NULL;
	if (!path)
		complain("setup: the path of this program can't be told, or has a control byte");
	return path ? 0 : -1;
}

static int set_up(const struct target *target, const struct settings *settings)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct setup setup = settings->common;

	setup.arena = &arena;
	setup.target = target->name;
	if (check_own_path() < 0 || target->plan(&setup) < 0)
		return -1;
	return settings->check ? check(&setup) : make_changes(&setup, settings);
}

static const struct target *find_target(const char *name)
{
	char quoted[QUOTED_SIZE];

	for (size_t i = 0; i < N_TARGETS; i++)
		if (strcmp(targets[i].name, name) == 0)
			return &targets[i];
	for (size_t i = 0; i < sizeof hookless / sizeof *hookless; i++)
		if (strcmp(hookless[i].name, name) == 0) {
			complain("setup: %s has no hook; start it by 'mymachines %s'", name,
				 hookless[i].verb);
			return NULL;
		}
	complain("setup: '%s' is nothing that can be set up; see mymachines setup --help",
		 quote(name, quoted));
	return NULL;
}

/* That an option of one target's isn't said for others. */
static int check_options(const struct target *target, const struct setup *setup)
{
	const struct {
		const char *name, *value;
	} options[] = { { "bundle", setup->bundle },
			{ "config", setup->config },
			{ "hooks-dir", setup->hooks_dir },
			{ "profile", setup->profile } };

	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (options[i].value &&
		    (!target->option || strcmp(target->option, options[i].name) != 0)) {
			complain("setup: --%s= isn't for %s", options[i].name, target->name);
			return -1;
		}
	return 0;
}

int verb_setup(int argc, char **argv)
{
	struct settings settings = { 0 };
	int status = EXIT_SUCCESS;

	if (parse(argc, argv, &settings) < 0)
		return complain_usage("setup");
	if (settings.help)
		return help();
	if (optind == argc) {
		complain("setup: what to set up is missing");
		return complain_usage("setup");
	}
	/* Nothing is done where one of them is wrong. */
	for (int i = optind; i < argc; i++) {
		const struct target *target = find_target(argv[i]);

		if (!target || check_options(target, &settings.common) < 0)
			return EXIT_FAILURE;
	}
	for (int i = optind; i < argc; i++)
		if (set_up(find_target(argv[i]), &settings) < 0)
			status = EXIT_FAILURE;
	return status;
}

/* Whether every change of its plan is made. */
static enum setup_state look_at(const struct target *target)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct setup setup = { .arena = &arena, .target = target->name, .unattended = true };

	if (!program_own_path() || target->plan(&setup) < 0)
		return SETUP_UNKNOWN;
	if (!is_pending(&setup))
		return SETUP_DONE;
	/* So that machines mayn't start without is somebody's decision. */
	setup.n_changes = 0;
	setup.strict = true;
	return target->plan(&setup) == 0 && !is_pending(&setup) ? SETUP_DONE : SETUP_MISSING;
}

bool setup_look(size_t index, const char **name, enum setup_state *state)
{
	const struct target *target = &targets[index];

	if (index >= N_TARGETS)
		return false;
	*name = target->name;
	if (!target->program || !program_is_installed(target->program))
		*state = SETUP_NOT_HERE;
	else
		*state = target->is_per_container ? SETUP_ELSEWHERE : look_at(target);
	return true;
}
