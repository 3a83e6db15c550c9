/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/verbs/host_session.h"

#include "base/arena.h"
#include "base/child.h"
#include "base/cleanup.h"
#include "tools/verbs/machinectl.h"
#include "tools/verbs/verb.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct words {
	struct arena arena;
	const char **items;
	size_t count;
};

static void words_done(struct words *words)
{
	arena_done(&words->arena);
}

static void add(struct words *words, const char *word)
{
	words->items = arena_grow(&words->arena, words->items, words->count, sizeof word);
	words->items[words->count++] = word;
}

bool is_this_host(const char *machine)
{
	return is_machinectl() && (!*machine || strcmp(machine, ".host") == 0);
}

/* Run it on our terminal, and wait for its end. */
static int run_words(struct words *words, struct failure *f)
{
	void (*interrupt)(int) = signal(SIGINT, SIG_IGN), (*quit)(int) = signal(SIGQUIT, SIG_IGN);
	posix_spawnattr_t attributes;
	sigset_t signals;
	int status, r;
	pid_t pid;

	add(words, NULL);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGQUIT);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	r = -posix_spawnp(&pid, words->items[0], NULL, &attributes, (char *const *) words->items,
			  environ);
	posix_spawnattr_destroy(&attributes);
	if (r == 0)
		r = child_wait(pid, &status);
	signal(SIGINT, interrupt);
	signal(SIGQUIT, quit);
	if (r < 0)
		return failure_errno(f, r, "cannot run %s", words->items[0]);
	/* As machinectl(1), this succeeds once the command has run, however it ends. */
	status = child_exit_status(status);
	return status == EXIT_NOT_FOUND || status == EXIT_NOT_EXECUTABLE ? EXIT_FAILURE
									 : EXIT_SUCCESS;
}

int host_session_run(const char *user, const struct string_list *settings, char *const *command,
		     struct failure *f)
{
	CLEANUP(words_done) struct words words = { 0 };

	add(&words, "su");
	add(&words, "--login");
	if (*command || settings->count > 0) {
		add(&words, "--shell=/bin/sh");
		add(&words, "--command=exec env -- \"$@\"");
	}
	add(&words, "--");
	add(&words, user);
	if (*command || settings->count > 0)
		add(&words, "machinectl"); /* the $0 of sh */
	for (size_t i = 0; i < settings->count; i++)
		add(&words, settings->items[i]);
	/* With variables, but without a command, the login shell would be unknown here. */
	if (!*command && settings->count > 0)
		add(&words, "sh");
	for (; *command; command++)
		add(&words, *command);
	return run_words(&words, f);
}

int host_login(struct failure *f)
{
	CLEANUP(words_done) struct words words = { 0 };

	add(&words, "login");
	return run_words(&words, f);
}
