/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

int run_program(const char *const *arguments, bool quiet)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status, r;

	r = posix_spawn_file_actions_init(&actions);
	if (r)
		return -r;
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (quiet)
		posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, 2, 1);
	r = posix_spawnp(&pid, arguments[0], &actions, NULL, (char *const *) arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r)
		return -r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status == 0 ? 0 : -EPROTO;
}
