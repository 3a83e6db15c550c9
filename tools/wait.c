/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mymachines wait */
#include "registry/cleanup.h"
#include "registry/process.h"
#include "registry/watch.h"
#include "tools/arena.h"
#include "tools/message.h"
#include "tools/options.h"
#include "tools/verbs.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int help(void)
{
	puts("Usage: mymachines wait [OPTION...] NAME...\n"
	     "\n"
	     "Wait until all of these machines are gone: their leaders have died, or they\n"
	     "are registered no more.\n"
	     "\n"
	     "  -h, --help             Show this help\n"
	     "      --timeout=SECONDS  Wait at most so long, and fail then");
	return EXIT_SUCCESS;
}

/* 0 to go on, or the exit status plus 1. */
static int parse(int argc, char **argv, int64_t *timeout_ms)
{
	enum { OPTION_TIMEOUT = 256 };
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
		{ 0 },
	};
	char quoted[QUOTED_SIZE];
	uint32_t seconds;
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 'h': return help() + 1;
		case OPTION_TIMEOUT:
			if (id_parse(optarg, &seconds) < 0) {
				complain("wait: --timeout=%s: no number of seconds",
					 quote(optarg, quoted));
				return EXIT_FAILURE + 1;
			}
			*timeout_ms = (int64_t) seconds * 1000;
			break;
		default: return complain_usage("wait") + 1;
		}
	}
	if (optind == argc) {
		complain("wait: a name is missing");
		return complain_usage("wait") + 1;
	}
	return 0;
}

struct awaited {
	char name[MACHINE_NAME_SIZE];
	char folded[MACHINE_NAME_SIZE];
	uint64_t sequence;
};

struct waiting {
	struct registry_watch watch;
	struct awaited *machines;
	struct pollfd *fds; /* the leaders' pidfds, or -1; then that of the watch */
	size_t count;	    /* that are still there */
};

static void waiting_done(struct waiting *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->fds[i].fd >= 0)
			close(w->fds[i].fd);
	free(w->machines);
	free(w->fds);
	registry_watch_close(&w->watch);
}

static void is_gone(struct waiting *w, size_t i)
{
	if (w->fds[i].fd >= 0)
		close(w->fds[i].fd);
	w->count--;
	w->fds[i] = w->fds[w->count];
	w->machines[i] = w->machines[w->count];
}

/* 0, or -1 after a message. */
static int await(struct waiting *w, struct snapshot *snapshot, const char *name)
{
	struct awaited *awaited = &w->machines[w->count];
	struct machine m;
	int pidfd;

	if (find_machine(snapshot, name, &m) < 0)
		return -1;
	pidfd = leader_open(&m.leader, &snapshot->meta.origin);
	if (pidfd == -ESRCH)
		return 0;
	/* Of one that can't be seen, the registry tells. */
	if (pidfd < 0 && pidfd != -EXDEV) {
		complain_operation(&m, "wait for it", pidfd);
		return -1;
	}
	strcpy(awaited->name, m.name);
	machine_name_fold(m.name, awaited->folded);
	awaited->sequence = m.sequence;
	w->fds[w->count++] = (struct pollfd){ .fd = pidfd < 0 ? -1 : pidfd, .events = POLLIN };
	return 0;
}

/* Those that died, and, with another registry, those that aren't in it. 0 or -1 after a message. */
static int look(struct waiting *w, bool has_changed)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };

	for (size_t i = w->count; i-- > 0;)
		if (w->fds[i].fd >= 0 && w->fds[i].revents)
			is_gone(w, i);
	if (has_changed && open_registry(&snapshot) < 0)
		return -1;
	for (size_t i = has_changed ? w->count : 0; i-- > 0;) {
		struct machine m;
		int r = -ENOENT;

		if (snapshot.env)
			r = snapshot_find_name(&snapshot, w->machines[i].folded, &m);
		if (r == -ENOENT || (r == 0 && m.sequence != w->machines[i].sequence))
			is_gone(w, i);
	}
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* For at most a day at once, which poll(2) can count. */
static int time_left(int64_t end)
{
	int64_t left = end ? end - now_ms() : -1;

	return !end ? -1 : left < 0 ? 0 : left > 86400000 ? 86400000 : (int) left;
}

static int wait_for_all(struct waiting *w, int64_t timeout_ms)
{
	int64_t end = timeout_ms >= 0 ? now_ms() + timeout_ms : 0;
	int r;

	while (w->count > 0) {
		bool has_changed;

		w->fds[w->count] = (struct pollfd){ .fd = w->watch.fd, .events = POLLIN };
		r = poll(w->fds, w->count + 1, time_left(end));
		if (r < 0 && errno != EINTR) {
			complain("wait: %s", strerror(errno));
			return EXIT_FAILURE;
		}
		if (r == 0 && time_left(end) == 0)
			break;
		has_changed = r > 0 && w->fds[w->count].revents &&
			      registry_watch_read(&w->watch) != 0;
		if (r > 0 && look(w, has_changed) < 0)
			return EXIT_FAILURE;
	}
	for (size_t i = 0; i < w->count; i++)
		complain("%s: is still there", w->machines[i].name);
	return w->count > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int verb_wait(int argc, char **argv)
{
	CLEANUP(snapshot_close) struct snapshot snapshot = { 0 };
	CLEANUP(waiting_done) struct waiting w = { .watch.fd = -1 };
	int64_t timeout_ms = -1;
	int status = parse(argc, argv, &timeout_ms), r;

	if (status)
		return status - 1;
	w.machines = calloc((size_t) argc, sizeof *w.machines);
	w.fds = calloc((size_t) argc, sizeof *w.fds);
	if (!w.machines || !w.fds)
		arena_out_of_memory();
	/* First the watch: what is published after the look at the registry isn't missed. */
	r = registry_watch_open(&w.watch, REGISTRY_DIRECTORY);
	if (r < 0) {
		complain_registry(REGISTRY_DIRECTORY, r);
		return EXIT_FAILURE;
	}
	if (open_registry(&snapshot) < 0)
		return EXIT_FAILURE;
	for (int i = optind; i < argc; i++)
		if (await(&w, &snapshot, argv[i]) < 0)
			status = EXIT_FAILURE;
	snapshot_close(&snapshot);
	return wait_for_all(&w, timeout_ms) == EXIT_SUCCESS ? status : EXIT_FAILURE;
}
