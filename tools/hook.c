/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines hook: what runtimes run when a container or VM starts and stops. */
#include "tools/hook.h"

#include "registry/cleanup.h"
#include "registry/snapshot.h"
#include "tools/facts.h"
#include "tools/input.h"
#include "tools/message.h"
#include "tools/monitor_start.h"
#include "tools/options.h"
#include "tools/publish.h"
#include "tools/verbs.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runtimes write at once what they have to say. */
#define INPUT_MILLISECONDS 5000

/* The longest that a machine's start may have to wait: the writer's lock alone may take ten. */
#define TIME_MAX_SECONDS 15

/* No input of the size that is taken needs more. */
#define MEMORY_MAX (512 * 1024 * 1024)

static const struct {
	const char *kind;
	hook_reader *read;
} readers[] = {
	{ "oci", hook_read_oci },
	{ "lxc", hook_read_lxc },
	{ "libvirt", hook_read_libvirt },
};

struct settings {
	hook_reader *read;
	const char *kind;
	const char *name;
	bool help;
	bool no_monitor;
	bool strict;
};

static int help(void)
{
	printf("Usage: mymachines hook oci [OPTION...] < STATE\n"
	       "       mymachines hook lxc [OPTION...]\n"
	       "       mymachines hook libvirt [OPTION...] lxc|qemu NAME OPERATION... < XML\n"
	       "\n"
	       "What runtimes are to run when a machine starts and stops: 'mymachines setup' has\n"
	       "them do so. The machine is registered as the runtime describes it, and forgotten\n"
	       "when it has stopped. Whatever goes wrong is logged, and keeps no machine from\n"
	       "starting: the exit status is 0.\n"
	       "\n"
	       "  -h, --help                 Show this help\n"
	       "      --strict               Fail if the machine can't be registered\n"
	       "      --name=NAME            Its name, whatever the runtime calls it\n"
	       "      --no-monitor           Don't start the monitor, if none runs\n"
	       "%s\n",
	       fact_options_help);
	return EXIT_SUCCESS;
}

void hook_set_subject(struct hook *hook, const char *name)
{
	char quoted[QUOTED_SIZE];

	hook->reg.subject =
		arena_printf(hook->reg.arena, "%s: %s", hook->reg.subject, quote(name, quoted));
}

void hook_add_name(struct hook *hook, const char *name)
{
	if (name && hook->n_names < HOOK_NAMES_MAX)
		hook->names[hook->n_names++] = name;
}

void hook_set_leader(struct hook *hook, int64_t pid)
{
	hook->reg.leader = pid;
	hook->reg.has_leader = true;
}

int hook_add_aliases(struct hook *hook, const char *list)
{
	char *words = arena_strdup(hook->reg.arena, list), *rest;

	for (char *word = strtok_r(words, ", \t\n", &rest); word;
	     word = strtok_r(NULL, ", \t\n", &rest))
		if (registration_add_alias(&hook->reg, word) < 0)
			return -1;
	return 0;
}

int hook_read_input(struct hook *hook, char **text, size_t *size)
{
	int r = input_read(hook->reg.arena, STDIN_FILENO, INPUT_MILLISECONDS, text, size);

	if (r == -EFBIG)
		complain("%s: standard input is longer than 16 MiB", hook->reg.subject);
	else if (r == -ETIMEDOUT)
		complain("%s: standard input has no end", hook->reg.subject);
	else if (r < 0)
		complain("%s: cannot read standard input: %s", hook->reg.subject, strerror(-r));
	return r;
}

enum {
	OPTION_NAME = 256,
	OPTION_NO_MONITOR,
	OPTION_STRICT,
};

/* Once for the settings and, behind what the runtime says, for the facts that options say. */
static int parse(int argc, char **argv, struct settings *settings, struct registration *reg)
{
	static const struct option own[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "name", required_argument, NULL, OPTION_NAME },
		{ "no-monitor", no_argument, NULL, OPTION_NO_MONITOR },
		{ "strict", no_argument, NULL, OPTION_STRICT },
	};
	struct option options[sizeof own / sizeof *own + N_FACT_OPTIONS + 1];
	char quoted[QUOTED_SIZE];
	int option, r = 0;

	memcpy(options, own, sizeof own);
	fact_options_fill(options + sizeof own / sizeof *own);
	optind = 0;
	/* Messages are to go where all others go. */
	opterr = 0;
	/* What follows is the runtime's, and may look like an option. */
	while ((option = getopt_long(argc, argv, "+h", options, NULL)) >= 0) {
		switch (option) {
		case 'h': settings->help = true; break;
		case OPTION_NAME: settings->name = optarg; break;
		case OPTION_NO_MONITOR: settings->no_monitor = true; break;
		case OPTION_STRICT: settings->strict = true; break;
		case '?':
			complain("hook: option '%s' is unknown, or lacks its value",
				 quote(argv[optind - 1], quoted));
			/* Whether it is to be strict may come yet. */
			r = -1;
			break;
		default:
			if (reg && fact_option_set(reg, option, optarg) < 0)
				r = -1;
		}
	}
	return r;
}

/* By what it is told, a process that is none of a container's isn't to be one. */
static int check_leader(const struct hook *hook)
{
	if (hook->reg.machine.class == MACHINE_VM || hook->reg.leader <= 0 ||
	    hook->reg.leader > UINT32_MAX ||
	    process_shares_namespace((uint32_t) hook->reg.leader, "mnt") != 1)
		return 0;
	complain("%s: pid %lld is in this host's mount namespace, so it is no container's",
		 hook->reg.subject, (long long) hook->reg.leader);
	return -1;
}

static int choose_name(struct hook *hook)
{
	if (registration_set_name(&hook->reg, hook->names[0]) < 0) {
		complain("%s: not registered; name it by %s", hook->reg.subject, hook->name_hint);
		return -1;
	}
	hook->reg.subject = hook->reg.machine.name;
	return 0;
}

static int start(struct hook *hook, const struct settings *settings)
{
	if (choose_name(hook) < 0 || check_leader(hook) < 0 || registration_check(&hook->reg) < 0 ||
	    publish_registrations(&hook->reg, 1, PUBLISH_UNATTENDED) != EXIT_SUCCESS)
		return -1;
	if (!settings->no_monitor)
		monitor_start();
	return 0;
}

/* Of this name, if its leader has died: another one of the name is none of this hook's business. */
static int forget(struct snapshot *snapshot, const char *name)
{
	char folded[MACHINE_NAME_SIZE];
	struct machine machine;

	if (machine_name_fold(name, folded) == 0 ||
	    snapshot_find_name(snapshot, folded, &machine) < 0 ||
	    !leader_has_died(&machine.leader, &snapshot->meta.origin))
		return 0;
	return unregister_led_by(machine.name, &machine.leader);
}

/* Mostly the monitor has been quicker, and nothing is left to do, or to say. */
static int stop(struct hook *hook)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	int status = 0;

	if (open_registry(&snapshot) <= 0)
		return 0;
	for (size_t i = 0; i < hook->n_names; i++)
		if (forget(&snapshot, hook->names[i]) < 0)
			status = -1;
	return status;
}

static int run(int argc, char **argv, struct settings *settings)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct hook hook = { .reg = { .arena = &arena } };

	hook.reg.subject = arena_printf(&arena, "hook %s", settings->kind);
	hook_add_name(&hook, settings->name);
	if (settings->read(&hook, argv + optind) < 0)
		return -1;
	switch (hook.event) {
	case HOOK_START:
		return parse(argc, argv, settings, &hook.reg) < 0 ? -1 : start(&hook, settings);
	case HOOK_STOP: return stop(&hook);
	case HOOK_NOTHING: break;
	}
	return 0;
}

static pid_t worker;
static int status_without_worker;

/* Not even who reads syslog or standard error, and doesn't, may keep a machine from starting. */
static void give_up(int signal)
{
	(void) signal;
	if (worker > 0)
		kill(worker, SIGKILL);
	_exit(status_without_worker);
}

static void limit_time(const struct settings *settings)
{
	status_without_worker = settings->strict ? EXIT_FAILURE : EXIT_SUCCESS;
	signal(SIGALRM, give_up);
	alarm(TIME_MAX_SECONDS);
}

static void limit_memory(void)
{
	/* A sanitizer has more than that before anything begins. */
#ifndef __SANITIZE_ADDRESS__
	struct rlimit limit;

	if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur > MEMORY_MAX) {
		limit.rlim_cur = MEMORY_MAX;
		setrlimit(RLIMIT_DATA, &limit);
	}
#endif
}

/* In a child: whatever becomes of it, out of memory or worse, the machine starts. */
static int run_in_child(int argc, char **argv, struct settings *settings)
{
	int status;

	worker = fork();
	if (worker < 0)
		complain("hook %s: cannot fork: %s", settings->kind, strerror(errno));
	if (worker == 0) {
		limit_memory();
		_exit(run(argc, argv, settings) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	while (worker > 0 && waitpid(worker, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	if (worker > 0 && WIFSIGNALED(status))
		complain("hook %s: killed by signal %d", settings->kind, WTERMSIG(status));
	return worker > 0 && status == 0 ? 0 : -1;
}

static int choose_reader(struct settings *settings, const char *kind)
{
	char quoted[QUOTED_SIZE];

	for (size_t i = 0; kind && i < sizeof readers / sizeof *readers; i++)
		if (strcmp(readers[i].kind, kind) == 0) {
			settings->kind = kind;
			settings->read = readers[i].read;
			return 0;
		}
	if (kind)
		complain("hook: '%s' is neither oci, lxc nor libvirt", quote(kind, quoted));
	else
		complain("hook: the kind of hook is missing: oci, lxc or libvirt");
	return -1;
}

/* Without the word at this index. */
static void take_word(int *argc, char **argv, int at)
{
	memmove(argv + at, argv + at + 1, (size_t) (*argc - at) * sizeof *argv);
	--*argc;
}

int verb_hook(int argc, char **argv)
{
	struct settings settings = { 0 };
	const char *kind = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
	int r;

	/* Who reads our stderr may have gone. */
	signal(SIGPIPE, SIG_IGN);
	complain_to_syslog_too();
	limit_time(&settings);
	if (kind)
		take_word(&argc, argv, 1);
	r = parse(argc, argv, &settings, NULL);
	if (!kind && optind < argc) {
		kind = argv[optind];
		take_word(&argc, argv, optind);
	}
	limit_time(&settings);
	if (r == 0 && settings.help)
		return help();
	if (r == 0)
		r = choose_reader(&settings, kind);
	if (r == 0)
		r = run_in_child(argc, argv, &settings);
	return r < 0 && settings.strict ? EXIT_FAILURE : EXIT_SUCCESS;
}
