/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines: register and inspect the virtual machines and OS containers of this host. */
#include "registry/cleanup.h"
#include "tools/machinectl.h"
#include "tools/message.h"
#include "tools/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	bool is_supervisor; /* what it runs inherits what we have: supervisor_init() */
} verbs[] = {
	/* clang-format off */
	{ "bind", verb_bind },
	{ "copy-from", verb_copy_from },
	{ "copy-to", verb_copy_to },
	{ "doctor", verb_doctor },
	{ "hook", verb_hook },
	{ "kill", verb_kill },
	{ "list", verb_list },
	{ "login", verb_login },
	{ "map-from", verb_map_from },
	{ "map-to", verb_map_to },
	{ "monitor", verb_monitor },
	{ "pause", verb_pause },
	{ "poweroff", verb_poweroff },
	{ "ps", verb_ps },
	{ "reboot", verb_reboot },
	{ "refresh", verb_refresh },
	{ "register", verb_register },
	{ "restart", verb_reboot },
	{ "resume", verb_resume },
	{ "run", verb_run, .is_supervisor = true },
	{ "run-qemu", verb_run_qemu, .is_supervisor = true },
	{ "setup", verb_setup },
	{ "shell", verb_shell },
	{ "show", verb_show },
	{ "ssh", verb_ssh },
	{ "status", verb_status },
	{ "stop", verb_poweroff },
	{ "terminate", verb_terminate },
	{ "unregister", verb_unregister },
	{ "wait", verb_wait },
	{ "watch", verb_watch },
	{ "which", verb_which },
	/* clang-format on */
};

static int help(void)
{
	puts("Usage: mymachines VERB [OPTION...] [NAME...]\n"
	     "\n"
	     "Register, inspect and operate the virtual machines and containers of this host.\n"
	     "\n"
	     "Look:\n"
	     "  list                  List the machines that run (also without a verb)\n"
	     "  status NAME...        Show machines, and the processes in them, for people\n"
	     "  show [NAME...]        Show all that is known of machines\n"
	     "  ps [-M NAME]          List processes with their machines, as ps(1) does\n"
	     "  which PID...          Tell which machine a process belongs to\n"
	     "  map-to NAME ID        Print the host's ids for an id of a machine\n"
	     "  map-from ID           Print the machine's ids for an id of the host\n"
	     "  watch                 Print machines as they come, change and go\n"
	     "  wait NAME...          Wait until machines are gone\n"
	     "\n"
	     "Enter:\n"
	     "  shell NAME [COMMAND]  Run a command in a container, or a shell\n"
	     "  login NAME            Open a login prompt of a container\n"
	     "  ssh [USER@]NAME       Log in to a machine, or run a command there\n"
	     "  copy-to NAME PATH     Copy a file or directory into a container\n"
	     "  copy-from NAME PATH   Copy a file or directory from a container\n"
	     "  bind NAME PATH        Mount a file or directory of the host's in a container\n"
	     "\n"
	     "Operate:\n"
	     "  poweroff NAME...      Ask machines to shut down; also called stop\n"
	     "  reboot NAME...        Ask machines to start anew; also called restart\n"
	     "  terminate NAME...     End machines at once\n"
	     "  kill NAME...          Send a signal to the processes of machines\n"
	     "  pause NAME...         Have machines stand still\n"
	     "  resume NAME...        Have them go on\n"
	     "\n"
	     "Register:\n"
	     "  register NAME         Register a machine, or update its record\n"
	     "  register --batch      Register many, read as JSON lines from standard input\n"
	     "  run NAME -- COMMAND   Run a command, its machine registered meanwhile\n"
	     "  run-qemu -- QEMU...   Run a VM likewise, named as its -name says\n"
	     "  unregister NAME...    Forget machines; what runs in them goes on\n"
	     "  refresh [NAME...]     Read id maps and addresses again; drop what has died\n"
	     "  monitor               Do that by itself whenever something changes\n"
	     "\n"
	     "Set up:\n"
	     "  setup RUNTIME...      Have a runtime register its machines\n"
	     "  hook KIND             Register a machine as its runtime describes it\n"
	     "  doctor                Look whether all is set up, and tell what mends it\n"
	     "\n"
	     "Options:\n"
	     "  -h, --help            Show this help; after a verb, that verb's\n"
	     "      --version         Show the version\n"
	     "\n"
	     "See mymachines(1), and nss-mymachines(8) for what the host's programs then see.");
	return EXIT_SUCCESS;
}

static int version(void)
{
	puts("mymachines " PACKAGE_VERSION);
	return EXIT_SUCCESS;
}

/* getopt_long(3) begins its messages with this. */
static char **with_program_name(char **argv)
{
	argv[0] = program_invocation_short_name;
	return argv;
}

static void change_inherited(void)
{
	/* What is made is for everyone to read, or says otherwise. */
	umask(022);
	/* A limit on file sizes is an error to report, not a reason to die half way. */
	signal(SIGXFSZ, SIG_IGN);
}

static int run_verb(int argc, char **argv)
{
	char quoted[QUOTED_SIZE];

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(argv[0], verbs[i].name) != 0)
			continue;
		if (!verbs[i].is_supervisor)
			change_inherited();
		return verbs[i].run(argc, with_program_name(argv));
	}
	complain("unknown verb '%s'; see %s --help", quote(argv[0], quoted),
		 program_invocation_short_name);
	return EXIT_FAILURE;
}

static int run_machinectl(int argc, char **argv)
{
	CLEANUP(arena_done) struct arena arena = { 0 };
	struct command_line line;
	int status = machinectl_parse(&arena, argc, with_program_name(argv), &line);

	return status ? status - 1 : run_verb(line.argc, line.argv);
}

static int run(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : "";

	if (is_machinectl())
		return run_machinectl(argc, argv);
	if (strcmp(first, "-h") == 0 || strcmp(first, "--help") == 0 || strcmp(first, "help") == 0)
		return help();
	if (strcmp(first, "--version") == 0)
		return version();
	if (*first && *first != '-')
		return run_verb(argc - 1, argv + 1);
	/* Nothing, or options of list without the word. */
	return verb_list(argc, with_program_name(argv));
}

/* What messages begin with: one of two, whatever the file is called. */
static void set_program_name(void)
{
	static char mymachines[] = "mymachines", machinectl[] = MACHINECTL;

	program_invocation_short_name = is_machinectl() ? machinectl : mymachines;
}

/* What is opened next must not become one of the three that messages go to. */
static void occupy_standard_descriptors(void)
{
	/* The other way round: to read or write one that was closed stays an error. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void) !open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	int status;

	occupy_standard_descriptors();
	set_program_name();

	setlocale(LC_ALL, "");
	/* Whoever starts us may not want to know of its children; we do. */
	signal(SIGCHLD, SIG_DFL);
	/* LMDB clears megabytes for each transaction: fresh pages of the kernel's come for nothing. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	status = run(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("cannot write the output: %s", "standard output is full or closed");
		return EXIT_FAILURE;
	}
	return status;
}
