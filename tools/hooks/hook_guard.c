/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/hooks/hook_guard.h"

#include "base/child.h"
#include "base/memory_limit.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* The longest delay of a machine's start. Taking the writer's lock may need ten seconds. */
#define TIME_MAX_SECONDS 15

/* No input of an accepted size needs more. */
#define MEMORY_MAX (512 * 1024 * 1024)

/* For the signal handler. */
static volatile sig_atomic_t child_pid;
static volatile sig_atomic_t late_exit_status;

static void give_up(int signal)
{
	(void) signal;
	if (child_pid > 0)
		kill(child_pid, SIGKILL);
	_exit(late_exit_status);
}

void hook_guard_start(int exit_status)
{
	sigset_t alarms;

	late_exit_status = exit_status;
	signal(SIGALRM, give_up);
	/* A runtime that has blocked it passes that on. */
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
	alarm(TIME_MAX_SECONDS);
}

int hook_guard_run(int (*work)(void *data), void *data, struct failure *f)
{
	int status, r;
	pid_t pid = fork();

	if (pid < 0)
		return failure_errno(f, -errno, "cannot fork");
	if (pid == 0) {
		memory_limit(MEMORY_MAX);
		_exit(work(data));
	}
	child_pid = pid;
	r = child_wait(pid, &status);
	if (r < 0)
		return failure_errno(f, r, "cannot wait for a child process");
	child_pid = 0;
	if (WIFSIGNALED(status))
		return failure_set(f, FAILURE_OTHER, "killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}
