/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/leader.h"

#include "base/child.h"
#include "host/process.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct machine_leader start_leader(void)
{
	struct machine_leader leader;
	int pidfd, error;
	pid_t parent = getpid(), pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		while (child_ends_with(parent))
			pause();
		_exit(EXIT_FAILURE);
	}
	ck_assert_int_eq(leader_inspect(pid, &leader, &pidfd, &error), LEADER_OK);
	close(pidfd);
	return leader;
}

void kill_leader(const struct machine_leader *leader)
{
	ck_assert_int_eq(kill((pid_t) leader->pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid((pid_t) leader->pid, NULL, 0), (pid_t) leader->pid);
}
