/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/leader.h"

#include "host/process.h"

#include <check.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct machine_leader start_leader(void)
{
	struct machine_leader leader;
	int pidfd, error;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
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
