/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/import/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t stopping;
static int stop_pipe[2] = { -1, -1 };

static void note_signal(int number)
{
	int error = errno;

	stopping = number;
	(void) !write(stop_pipe[1], "", 1);
	errno = error;
}

int stop_watch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = note_signal }, old;

	if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		/* A signal that nohup(1) ignores stays ignored. */
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
			continue;
		sigaction(numbers[i], &action, NULL);
	}
	return 0;
}

int stop_signal(void)
{
	return stopping;
}

bool is_stopped(void)
{
	return stopping != 0;
}

int stop_descriptor(void)
{
	return stop_pipe[0];
}
