/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/child.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/pidfd.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* How long a child may take to die of SIGKILL. */
#define KILL_MILLISECONDS 2000

int child_wait(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int child_wait_for(pid_t pid, int milliseconds, int *status)
{
	int64_t deadline = clock_milliseconds(CLOCK_MONOTONIC) + milliseconds;
	CLEANUP_CLOSE int pidfd = pidfd_of(pid);
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };
	int r;

	if (pidfd < 0)
		return pidfd;
	do {
		int64_t left = deadline - clock_milliseconds(CLOCK_MONOTONIC);

		r = poll(&poller, 1, left > 0 ? (int) left : 0);
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -ETIMEDOUT;
	return child_wait(pid, status);
}

void child_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	child_wait(pid, NULL);
}

void child_end(pid_t pid, int milliseconds)
{
	if (child_wait_for(pid, milliseconds, NULL) >= 0)
		return;
	kill(pid, SIGKILL);
	(void) child_wait_for(pid, KILL_MILLISECONDS, NULL);
}

bool child_ends_with(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

int child_exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
