/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines monitor: becomes the one monitor, in the foreground or background. */
#include "tools/daemon.h"
#include "tools/message.h"
#include "tools/monitor_lock.h"
#include "tools/monitor_loop.h"
#include "tools/verbs.h"
#include "tools/watch.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* Become the one monitor. 1, 0 if there is one, or -1 after a message. */
static int take_lock(const struct monitor_settings *settings, int *lock)
{
	pid_t pid = 0;
	int r;

	if (monitor_lock_prepare() < 0)
		return -1;
	r = monitor_lock_take(false, lock);
	if (r == -EAGAIN)
		monitor_is_running(&pid);
	if (r == -EAGAIN && settings->wait) {
		complain("the monitor runs already, as pid %d; waiting until it has left", pid);
		daemon_notify("READY=1\nSTATUS=Another monitor runs; waiting until it has left.");
		r = monitor_lock_take(true, lock);
	} else if (r == -EAGAIN) {
		if (!settings->background)
			complain("the monitor runs already, as pid %d", pid);
		return 0;
	}
	if (r < 0)
		complain_registry(MONITOR_LOCK_PATH, r);
	return r < 0 ? -1 : 1;
}

static int start(const struct monitor_settings *settings)
{
	int ready = -1, lock = -1, status;
	bool has_lost_lock;
	sigset_t signals;

	if (settings->background && daemon_fork(&ready) < 0)
		return EXIT_FAILURE;
	/* To look at all machines again is no reason to end, also while it waits. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	do {
		/* The lock is the process's, not its child's. */
		int r = take_lock(settings, &lock);

		/* For whoever wants one to run, one that does is as good. */
		if (r <= 0)
			return r == 0 && settings->background ? EXIT_SUCCESS : EXIT_FAILURE;
		has_lost_lock = false;
		status = monitor_loop(settings, lock, &ready, &has_lost_lock);
		lock = -1;
	} while (has_lost_lock && settings->wait);
	return status;
}

static int help(void)
{
	puts("Usage: mymachines monitor [OPTION...]\n"
	     "       mymachines monitor --follow [--initial] [--json=MODE]\n"
	     "\n"
	     "Keep the registry true: forget machines as soon as their leader dies, and follow\n"
	     "their addresses as these change.\n"
	     "\n"
	     "  -h, --help             Show this help\n"
	     "      --background       Go on in the background, and log to syslog\n"
	     "      --exit-when-empty  Leave when the last machine has gone\n"
	     "      --wait             Where a monitor runs, wait until it has left\n"
	     "\n"
	     "      --follow           Don't; only print what happens, as mymachines watch does\n"
	     "      --initial          First print the machines that are there\n"
	     "      --json=MODE        Print an object for each event: short, pretty, or off");
	return EXIT_SUCCESS;
}

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, struct monitor_settings *settings,
		 struct follow_settings *followed, bool *follows)
{
	enum {
		OPTION_BACKGROUND = 256,
		OPTION_EXIT_WHEN_EMPTY,
		OPTION_WAIT,
		OPTION_FOLLOW,
		OPTION_INITIAL,
		OPTION_JSON
	};
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "background", no_argument, NULL, OPTION_BACKGROUND },
		{ "exit-when-empty", no_argument, NULL, OPTION_EXIT_WHEN_EMPTY },
		{ "wait", no_argument, NULL, OPTION_WAIT },
		{ "follow", no_argument, NULL, OPTION_FOLLOW },
		{ "initial", no_argument, NULL, OPTION_INITIAL },
		{ "json", required_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 'h': return help() + 1;
		case OPTION_BACKGROUND: settings->background = true; break;
		case OPTION_EXIT_WHEN_EMPTY: settings->exit_when_empty = true; break;
		case OPTION_WAIT: settings->wait = true; break;
		case OPTION_FOLLOW: *follows = true; break;
		case OPTION_INITIAL: followed->initial = true; break;
		case OPTION_JSON:
			if (json_mode_parse(optarg, &followed->json) < 0)
				return EXIT_FAILURE + 1;
			break;
		default: return complain_usage("monitor") + 1;
		}
	}
	if (optind < argc)
		complain("monitor: takes no names");
	else if (!*follows && (followed->initial || followed->json))
		complain("monitor: --initial and --json go with --follow");
	else if (*follows && (settings->background || settings->exit_when_empty || settings->wait))
		complain("monitor: --follow only prints: not with --background, --exit-when-empty "
			 "or --wait");
	else
		return 0;
	return complain_usage("monitor") + 1;
}

int verb_monitor(int argc, char **argv)
{
	struct monitor_settings settings = { 0 };
	struct follow_settings followed = { 0 };
	bool follows = false;
	int status = parse(argc, argv, &settings, &followed, &follows);

	if (status)
		return status - 1;
	return follows ? follow(&followed) : start(&settings);
}
